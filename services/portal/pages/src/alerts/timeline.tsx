// What became of an alert, the first first.
import type { AlertAnswer } from '../../../alerts/answers.ts';
import { absoluteText, Moment } from '../show/moment.tsx';
import { stateTitle } from './words.ts';

type Transition = AlertAnswer['timeline'][number];

const reasons: Readonly<Record<string, string>> = {
  widened: 'Wider than before',
  'silence-ended': 'A silence ended',
  maintenance: 'Maintenance',
  'settings-changed': 'The settings changed',
};

export function Timeline({ timeline }: { timeline: readonly Transition[] }) {
  if (timeline.length === 0) return null;
  return (
    <section aria-labelledby="timeline-title">
      <h2 id="timeline-title">Timeline</h2>
      <ol class="timeline">
        {timeline.map((transition) => (
          <li key={transition.id}>
            <p>
              <strong>{reasons[transition.reason] ?? stateTitle(transition.state)}</strong>
              {transition.by !== null && (
                <>
                  {' by '}
                  <bdi>{transition.by}</bdi>
                </>
              )}
              , <Moment at={transition.at} />
              <span class="unseen">, {absoluteText(transition.at)}</span>
            </p>
            {transition.comment !== null && (
              <p>
                <bdi>{transition.comment}</bdi>
              </p>
            )}
            {transition.summary !== '' && (
              <p class="quiet">
                <bdi>{transition.summary}</bdi>
              </p>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
