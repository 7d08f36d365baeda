// Whether everything runs, in one glance; what each part says, on demand.
import type { OverviewAnswer } from '../../../api/answers.ts';
import { titleOf } from '../show/figures.ts';
import { Moment } from '../show/moment.tsx';

type Part = OverviewAnswer['health'][number];

export function Health({
  health,
  lastReceivedAt,
}: Pick<OverviewAnswer, 'health' | 'lastReceivedAt'>) {
  const troubles = health.filter(({ state }) => state !== 'well');
  return (
    <section class="health" aria-labelledby="health-title">
      <h2 id="health-title" class="unseen">
        Health
      </h2>
      <p class="health-glance">
        {health.length > 0 && (
          <span class="health-part">
            <StateMark state={worstOf(troubles)} />
            <strong>{glance(troubles)}</strong>
          </span>
        )}
        {lastReceivedAt !== null && (
          <span class="quiet">
            The last words came in <Moment at={lastReceivedAt} />
          </span>
        )}
      </p>
      {troubles.map((part) => (
        <p key={part.part} class="health-trouble">
          {titleOf(part.part)}: {part.says}
        </p>
      ))}
      {health.length > 0 && (
        <details class="as-table">
          <summary>Every part</summary>
          <dl class="parts">
            {health.map((part) => (
              <div key={part.part}>
                <dt class="health-part">
                  <StateMark state={part.state} />
                  {titleOf(part.part)}
                </dt>
                <dd class="quiet">{part.says}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}

const stateTitles = { well: 'Well', behind: 'Behind', away: 'Away' } as const;

/** A shape of its own for each state, so that colour is not needed. */
function StateMark({ state }: { state: Part['state'] }) {
  const shape = { well: '●', behind: '◐', away: '○' }[state];
  return (
    <span class={`state state-${state}`}>
      <span aria-hidden="true">{shape}</span>
      <span class="unseen">{stateTitles[state]}:</span>
    </span>
  );
}

function worstOf(troubles: readonly Part[]): Part['state'] {
  if (troubles.some(({ state }) => state === 'away')) return 'away';
  return troubles.length > 0 ? 'behind' : 'well';
}

function glance(troubles: readonly Part[]): string {
  if (troubles.length === 0) return 'Everything runs';
  const away = troubles.filter(({ state }) => state === 'away').length;
  if (away > 0) return away === 1 ? 'One part is away' : `${away} parts are away`;
  return troubles.length === 1 ? 'One part is behind' : `${troubles.length} parts are behind`;
}
