// A score and every term of it: as a bar of parts, and as a table that adds up.
import type { RankedPlace } from '../../../api/answers.ts';
import { decimalText, shareText } from '../show/figures.ts';

type Term = RankedPlace['terms'][number];

const titles: Readonly<Record<Term['name'], string>> = {
  count: 'Tickets',
  rate: 'Tickets per 1,000',
  lowerEnd: 'At least, per 1,000',
  persistence: 'Persistence',
  churnRisk: 'Churn risk',
  reach: 'Subscribers reached',
};

/** Parts of the score side by side; the most a score can be is the whole width. */
export function ScoreBar({ terms }: { terms: readonly Term[] }) {
  const whole = terms.reduce((sum, { weight }) => sum + weight, 0) || 1;
  return (
    <span class="score-bar" aria-hidden="true">
      {terms.map(({ name, points }, index) => (
        <span
          key={name}
          class={`score-part mark-${index + 1}`}
          title={`${titles[name]}: ${decimalText(points)} points`}
          style={{ width: `${(points / whole) * 100}%` }}
        />
      ))}
    </span>
  );
}

export function ScoreTable({ score, terms }: { score: number; terms: readonly Term[] }) {
  return (
    <table class="table score-table">
      <caption class="unseen">What the score is made of</caption>
      <thead>
        <tr>
          <th scope="col">Term</th>
          <th scope="col" class="number">
            Value
          </th>
          <th scope="col" class="number" title="From 0 to 1 of what the ranking sees">
            Share
          </th>
          <th scope="col" class="number">
            Weight
          </th>
          <th scope="col" class="number">
            Points
          </th>
        </tr>
      </thead>
      <tbody>
        {terms.map(({ name, value, share, weight, points }, index) => (
          <tr key={name}>
            <th scope="row">
              <span class={`mark mark-${index + 1}`} aria-hidden="true">
                ■
              </span>{' '}
              {titles[name]}
            </th>
            <td class="number">{value === null ? '—' : decimalText(value)}</td>
            <td class="number">{shareText(share)}</td>
            <td class="number">{decimalText(weight)}</td>
            <td class="number">{points.toFixed(1)}</td>
          </tr>
        ))}
        <tr class="sum">
          <th scope="row" colSpan={4}>
            Score
          </th>
          <td class="number">{score.toFixed(1)}</td>
        </tr>
      </tbody>
    </table>
  );
}
