// A number as readers see all of them: value, unit, interval, base. What is withheld or unknown says so.
import type { Estimate } from '../../../api/answers.ts';
import { countText, intervalText, rateText } from './figures.ts';

interface FigureProps {
  readonly estimate: Estimate | null;
  readonly unit?: string;
  /** Number it rests on. */
  readonly base?: number | null;
  readonly text?: (value: number) => string;
  readonly isSuppressed?: boolean;
}

/** "3.1 per 1,000, 2.4–4.0, n = 57" */
export function Figure({ estimate, unit, base, text = rateText, isSuppressed }: FigureProps) {
  if (isSuppressed) return <Withheld />;
  if (estimate === null) return <Unknown />;
  return (
    <span class="figure">
      <span class="figure-value">{text(estimate.value)}</span>
      {unit !== undefined && <span> {unit}</span>}
      <span class="quiet" title="95 % interval">
        , {intervalText(estimate, text)}
        {base !== undefined && base !== null && `, n = ${countText(base)}`}
      </span>
    </span>
  );
}

/** A count. */
export function Count({ value, isSuppressed }: { value: number | null; isSuppressed?: boolean }) {
  if (isSuppressed) return <Withheld />;
  return value === null ? <Unknown /> : <span class="figure-value">{countText(value)}</span>;
}

export function Withheld() {
  return (
    <span class="quiet" title="The count is smaller than you may see.">
      withheld
    </span>
  );
}

export function Unknown({ why = 'Not known.' }: { why?: string }) {
  return (
    <span class="quiet" title={why}>
      <span aria-hidden="true">—</span>
      <span class="unseen">not known</span>
    </span>
  );
}
