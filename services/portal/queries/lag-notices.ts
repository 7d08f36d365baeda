// While records wait to be counted, figures are smaller than they will be: every answer that counts says so.
import { setTimeout as pause } from 'node:timers/promises';
import type { Notice, OverviewAnswer } from '../api/answers.ts';
import type { Queries } from '../api/queries.ts';

type Health = OverviewAnswer['health'];
type Counting = Pick<Queries, 'aggregates' | 'rank' | 'place' | 'waves' | 'insights'>;

/** What a record passes before it is counted. */
const partsBeforeCounts: ReadonlySet<string> = new Set(['normalize', 'classify', 'aggregate']);
/** No answer waits longer than that for how far the parts are. */
const mostWaitMs = 500;

/**
 * The same questions; their answers begin with a notice while a part on the way is behind.
 * @param health asked once an answer, so it must remember; whoever runs the parts knows what is too much
 */
export function tellingOfLag<Q extends Counting>(queries: Q, health: () => Promise<Health>): Q {
  // Looked at before the answer: what waited then may be missing in it.
  async function told<A extends { readonly notices: Notice[] } | null>(
    ask: () => Promise<A>,
  ): Promise<A> {
    const looked = lookBriefly(health);
    const answer = await ask();
    const notices = lagNotices(await looked);
    if (answer === null || notices.length === 0) return answer;
    return { ...answer, notices: [...notices, ...answer.notices] };
  }
  return {
    ...queries,
    aggregates: (reader, question) => told(() => queries.aggregates(reader, question)),
    rank: (reader, question) => told(() => queries.rank(reader, question)),
    place: (reader, key, question) => told(() => queries.place(reader, key, question)),
    waves: (reader, question) => told(() => queries.waves(reader, question)),
    insights: (reader, question) => told(() => queries.insights(reader, question)),
  };
}

/** At most one, of the answer as a whole. */
export function lagNotices(health: Health): Notice[] {
  const behind = health.filter(
    ({ part, state }) => state === 'behind' && partsBeforeCounts.has(part),
  );
  if (behind.length === 0) return [];
  const sum = behind.reduce((all, { lag }) => all + (lag ?? 0), 0);
  const each = behind.map(({ part, lag }) => `${part} ${countText(lag ?? 0)}`).join(', ');
  return [
    {
      field: null,
      value: null,
      nearest: null,
      message: `Figures are not complete yet: ${countText(sum)} records wait to be counted (${each}).`,
    },
  ];
}

async function lookBriefly(health: () => Promise<Health>): Promise<Health> {
  const given = new AbortController();
  const late = pause<Health>(mostWaitMs, [], { signal: given.signal }).catch(() => []);
  try {
    return await Promise.race([health().catch(() => []), late]);
  } finally {
    given.abort();
  }
}

function countText(count: number): string {
  return count.toLocaleString('en');
}
