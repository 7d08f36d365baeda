// What somebody should have read this week: urgent, or of customers who may leave.
import { sql } from 'kysely';
import { urgencyNumbers } from '#core/store/tables.ts';
import type { InsightAnswer } from '../api/answers.ts';
import type { Reading } from './as-reader.ts';
import { newestInsights } from './insights.ts';
import { weekDays, type Span } from './overview-counts.ts';
import { dayMs } from './range.ts';

const highChurnRisk = 0.6;
const shown = 5;
/** Of these many newest ones those are shown that are of different themes first. */
const looked = 60;

export async function notableOf(reading: Reading, { until }: Span): Promise<InsightAnswer[]> {
  const range = { from: new Date(until.getTime() - weekDays * dayMs), to: until };
  const found = await newestInsights(
    reading,
    range,
    [
      sql`(s.urgency = ${urgencyNumbers.high} OR s.churn >= ${highChurnRisk})`,
      sql`EXISTS (SELECT FROM signpost.words w WHERE w.entity = s.entity AND w.text <> '')`,
    ],
    looked,
  );
  return varied(found.map(({ insight }) => insight));
}

/** One of each theme, the newest; then more, so that one outage does not fill the page. */
function varied(insights: readonly InsightAnswer[]): InsightAnswer[] {
  const themes = new Set<string>();
  const firsts = insights.filter(({ theme }) => !themes.has(theme) && themes.add(theme));
  const others = insights.filter((insight) => !firsts.includes(insight));
  return [...firsts, ...others]
    .slice(0, shown)
    .toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
}
