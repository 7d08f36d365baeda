// What flows from which source to which department: a picture with its numbers, and the same as a table.
import { useRef, useState } from 'preact/hooks';
import type { OverviewAnswer } from '../../../api/answers.ts';
import { elsewhere } from '../address/address.ts';
import { useAddress } from '../address/use-address.ts';
import { Department, useMarkOf } from '../show/department-mark.tsx';
import { countText, titleOf } from '../show/figures.ts';
import { useSize } from '../show/use-size.ts';
import { flowLayout, halvesOf, sidesOf, type FlowLayout, type When } from './flow-layout.ts';

export function Flow({ overview }: { overview: OverviewAnswer }) {
  const [when, setWhen] = useState<When>('today');
  const layout = flowLayout(overview, when);
  return (
    <section class="home-flow" aria-labelledby="flow-title">
      <header class="home-head">
        <h2 id="flow-title">What flows</h2>
        <div class="switch" role="group" aria-label="Counted over">
          {(['today', 'week'] as const).map((each) => (
            <button
              key={each}
              type="button"
              class="quiet-button"
              aria-pressed={when === each}
              onClick={() => setWhen(each)}
            >
              {each === 'week' ? '7 days' : dayTitle(overview.today)}
            </button>
          ))}
        </div>
      </header>
      <p class="quiet">{told(overview, when)}</p>
      {layout.bands.length === 0 ? (
        <p class="quiet">Nothing yet. The last 7 days tell more.</p>
      ) : (
        <Picture layout={layout} />
      )}
      <FlowTable overview={overview} when={when} />
    </section>
  );
}

/** "Today" for data that is live; else the day that was the last. */
function dayTitle(day: string | null): string {
  const isToday = day === new Date().toISOString().slice(0, 10);
  return isToday || day === null ? 'Today' : day;
}

function told({ counts }: OverviewAnswer, when: When): string {
  const { tickets, posts, surveyAnswers } = counts[when];
  const parts = [
    [tickets, 'ticket', 'tickets'],
    [posts, 'post', 'posts'],
    [surveyAnswers, 'survey answer', 'survey answers'],
  ] as const;
  return `${parts.map(([count, one, many]) => `${countText(count)} ${count === 1 ? one : many}`).join(', ')}. One may go to several departments.`;
}

function Picture({ layout }: { layout: FlowLayout }) {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const address = useAddress();
  const { sources, departments, bands, height } = layout;
  const { isNarrow, left, right } = sidesOf(width);
  const [x1, x2] = [left, width - right];
  return (
    <div class={isNarrow ? 'flow flow-narrow' : 'flow'} ref={box} style={{ height: `${height}px` }}>
      {width > 0 && (
        <svg width={width} height={height} aria-hidden="true">
          {bands.map((band) => (
            <Band key={`${band.source} ${band.department}`} band={band} x1={x1 + 12} x2={x2 - 12} />
          ))}
          {sources.map(({ name, top, height: high }) => (
            <rect
              key={name}
              class="flow-source"
              x={x1 + 8}
              y={top}
              width={4}
              height={high}
              rx={1}
            />
          ))}
          {departments.map(({ name, top, height: high }) => (
            <Bar key={name} department={name} x={x2 - 12} y={top} height={high} />
          ))}
        </svg>
      )}
      <ul class="flow-names flow-sources" aria-label="Sources" style={{ width: `${left}px` }}>
        {sources.map(({ name, count, top, height: high }) => (
          <li key={name} style={{ top: `${top + high / 2}px` }}>
            <SourceName name={name} /> <span class="figure-value">{countText(count)}</span>
          </li>
        ))}
      </ul>
      <ul
        class="flow-names flow-departments"
        aria-label="Departments"
        style={{ width: `${right}px` }}
      >
        {departments.map(({ name, count, top, height: high }) => (
          <li key={name} style={{ top: `${top + high / 2}px` }}>
            {name === '' ? (
              <span class="quiet">No department</span>
            ) : (
              <a href={elsewhere(address, '/streams', { department: name })}>
                <Department department={name} />
              </a>
            )}{' '}
            <span class="figure-value">{countText(count)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Sources of one provider begin alike: where room is scarce the middle goes, and the end stays. */
function SourceName({ name }: { name: string }) {
  const [head, tail] = halvesOf(name);
  return (
    <bdi title={name}>
      <span>{head}</span>
      <span>{tail}</span>
    </bdi>
  );
}

function Band({ band, x1, x2 }: { band: FlowLayout['bands'][number]; x1: number; x2: number }) {
  const mark = useMarkOf()(band.department ?? '');
  const middle = (x1 + x2) / 2;
  const { from, to, thick, source, department, count } = band;
  const half = thick / 2;
  return (
    <path
      class={`flow-band ${department === null ? 'flow-nowhere' : `mark-${mark}`}`}
      d={`M${x1} ${from - half}C${middle} ${from - half} ${middle} ${to - half} ${x2} ${to - half}v${thick}C${middle} ${to + half} ${middle} ${from + half} ${x1} ${from + half}Z`}
    >
      <title>
        {`${source} to ${department === null ? 'no department' : titleOf(department)}: ${countText(count)}`}
      </title>
    </path>
  );
}

function Bar({
  department,
  x,
  y,
  height,
}: {
  department: string;
  x: number;
  y: number;
  height: number;
}) {
  const mark = useMarkOf()(department);
  return (
    <rect
      class={department === '' ? 'flow-source' : `flow-bar mark-${mark}`}
      x={x}
      y={y}
      width={4}
      height={height}
      rx={1}
    />
  );
}

function FlowTable({ overview: { flows }, when }: { overview: OverviewAnswer; when: When }) {
  const rows = flows.filter((flow) => flow[when] > 0);
  if (rows.length === 0) return null;
  return (
    <details class="as-table">
      <summary>As a table</summary>
      <div class="table-scroll">
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Source</th>
              <th scope="col">Department</th>
              <th scope="col" class="number">
                Signals
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ source, department, [when]: count }) => (
              <tr key={`${source} ${department}`}>
                <th scope="row">{source}</th>
                <td>{department === null ? 'None' : titleOf(department)}</td>
                <td class="number">{countText(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
