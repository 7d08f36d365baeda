// Silences and maintenance windows that hold now or are to come, each with a way to end it.
import { useState } from 'preact/hooks';
import type { SilenceAnswer, SilencesAnswer } from '../../../alerts/answers.ts';
import { remove } from '../api/get.ts';
import { say } from '../shell/toast.tsx';
import { Moment } from '../show/moment.tsx';
import { themesTitle } from './words.ts';
import { useLive } from './use-live.ts';

export function Silences({ maySilence }: { maySilence: boolean }) {
  const { answer, again } = useLive<SilencesAnswer>('/v1/silences');
  if (answer === null || answer.silences.length === 0) return null;
  return (
    <section aria-labelledby="silences-title">
      <h2 id="silences-title">Silences and maintenance</h2>
      <ul class="silences">
        {answer.silences.map((silence) => (
          <li key={silence.id}>
            <SilenceLine silence={silence} mayEnd={maySilence} onEnded={again} />
          </li>
        ))}
      </ul>
    </section>
  );
}

export function SilenceLine({
  silence,
  mayEnd,
  onEnded,
}: {
  silence: SilenceAnswer;
  mayEnd: boolean;
  onEnded: () => void;
}) {
  const { id, kind, place, themes, product, from, until, comment, createdBy, state } = silence;
  const [isEnding, setEnding] = useState(false);
  async function end(): Promise<void> {
    setEnding(true);
    const got = await remove(`/v1/silences/${encodeURIComponent(id)}`);
    setEnding(false);
    say(got.ok ? 'Ended: what stands is told again' : `Not ended: ${got.problem.message}`);
    onEnded();
  }
  return (
    <div class="silence">
      <div>
        <p>
          {kind === 'maintenance' && 'Maintenance: '}
          <bdi>{themes === null ? 'Everything' : themesTitle(themes)}</bdi>
          {product !== null && (
            <>
              {' '}
              (<bdi>{product}</bdi>)
            </>
          )}{' '}
          {place.key === null ? (
            'everywhere'
          ) : (
            <>
              in <bdi>{place.name}</bdi>
            </>
          )}
        </p>
        <p class="quiet">
          <q>{comment}</q> by <bdi>{createdBy}</bdi>
          {state === 'planned' && (
            <>
              , begins <Moment at={from} />
            </>
          )}
          , ends <Moment at={until} />
        </p>
      </div>
      {mayEnd && state !== 'over' && (
        <button
          type="button"
          class="quiet-button"
          disabled={isEnding}
          onClick={() => void end()}
          aria-label={`End: ${comment}`}
        >
          End
        </button>
      )}
    </div>
  );
}
