// Themes that rise or fall, each with the interval of its change on one scale: no arrow where it may be noise.
import type { OverviewAnswer } from '../../../api/answers.ts';
import { elsewhere } from '../address/address.ts';
import { useAddress } from '../address/use-address.ts';
import { Count } from '../show/figure.tsx';
import { changeText, isClear, titleOf } from '../show/figures.ts';

type Theme = OverviewAnswer['themes'][number];

/** From a quarter to four times; what goes beyond is cut at the edge. */
const edge = Math.log(4);

export function Themes({ themes }: { themes: readonly Theme[] }) {
  return (
    <section aria-labelledby="themes-title">
      <h2 id="themes-title">Themes, the surest rise first</h2>
      <p class="quiet">Tickets of 7 days against the 28 before, with 95 % intervals.</p>
      {themes.length === 0 ? (
        <p class="quiet themes-none">No tickets with a theme in the last 7 days.</p>
      ) : (
        <div class="table-scroll">
          <table class="table themes">
            <thead>
              <tr>
                <th scope="col">Theme</th>
                <th scope="col" class="number">
                  Tickets
                </th>
                <th scope="col" class="scale-head">
                  <Ends />
                </th>
                <th scope="col">Change</th>
              </tr>
            </thead>
            <tbody>
              {themes.map((theme) => (
                <Row key={theme.theme} theme={theme} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Ends() {
  return (
    <>
      <span class="unseen">Change on a scale</span>
      <span class="scale-ends" aria-hidden="true">
        <span>¼</span>
        <span>same</span>
        <span>×4</span>
      </span>
    </>
  );
}

function Row({ theme: { theme, tickets, change } }: { theme: Theme }) {
  const address = useAddress();
  const clear = change !== null && isClear(change);
  return (
    <tr>
      <th scope="row">
        <a href={elsewhere(address, '/streams', { theme, last: '7d' })}>{titleOf(theme)}</a>
      </th>
      <td class="number">
        <Count value={tickets} isSuppressed={tickets === null} />
      </td>
      <td class="whisker-cell">{change !== null && <Whisker change={change} clear={clear} />}</td>
      <td class="theme-change">
        {change === null ? (
          <span class="quiet" title="Too few tickets, or too few days before, for an interval.">
            too early to tell
          </span>
        ) : (
          <span class={clear ? 'figure' : 'quiet'}>
            {clear && <span aria-hidden="true">{change.value > 1 ? '↑ ' : '↓ '}</span>}
            <span class={clear ? 'figure-value' : ''}>{changeText(change.value)}</span>
            <span class="quiet">
              , {changeText(change.low)} to {changeText(change.high)}
              {!clear && ', no clear change'}
            </span>
          </span>
        )}
      </td>
    </tr>
  );
}

function Whisker({ change, clear }: { change: NonNullable<Theme['change']>; clear: boolean }) {
  const at = (ratio: number): number =>
    (Math.max(-edge, Math.min(edge, Math.log(Math.max(ratio, 1e-6)))) / edge + 1) * 58 + 2;
  return (
    <svg
      class={`whisker ${clear ? 'whisker-clear' : ''}`}
      width={120}
      height={16}
      aria-hidden="true"
    >
      <line class="whisker-same" x1={60} x2={60} y1={0} y2={16} />
      <line x1={at(change.low)} x2={at(change.high)} y1={8} y2={8} stroke-width={2} />
      <circle cx={at(change.value)} cy={8} r={3.5} />
    </svg>
  );
}
