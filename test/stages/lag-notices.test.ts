// Answers of the query API say that they are not complete while records wait to be counted.
import { expect, test } from 'vitest';
import type { OverviewAnswer } from '../../services/portal/api/answers.ts';
import { examples } from '../../services/portal/http/examples.ts';
import { lagNotices, tellingOfLag } from '../../services/portal/queries/lag-notices.ts';

type Health = OverviewAnswer['health'];
const part = (name: string, state: Health[number]['state'], lag: number | null) => ({
  part: name,
  state,
  says: '',
  lag,
});
const behind = [part('classify', 'behind', 2_000), part('aggregate', 'behind', 18_262)];
const queries = {
  aggregates: async () => examples.aggregates,
  rank: async () => examples.rank,
  place: async (_reader: unknown, key: string) => (key === 'area:A' ? examples.place : null),
  waves: async () => examples.waves,
  insights: async () => examples.insights,
};
const ask = (health: () => Promise<Health>) => {
  const told = tellingOfLag(queries as never, health) as unknown as Record<
    keyof typeof queries,
    (...rest: unknown[]) => Promise<{ notices: { field: string | null; message: string }[] } | null>
  >;
  return Promise.all([
    told.aggregates({}, {}),
    told.rank({}, {}),
    told.place({}, 'area:A', {}),
    told.waves({}, {}),
    told.insights({}, {}),
  ]);
};

test('every answer that counts tells how many records wait, before its other notices', async () => {
  const message =
    'Figures are not complete yet: 20,262 records wait to be counted (classify 2,000, aggregate 18,262).';
  for (const answer of await ask(async () => behind)) {
    expect(answer!.notices[0]).toEqual({ field: null, value: null, nearest: null, message });
  }
  const [aggregates] = await ask(async () => behind);
  expect(aggregates!.notices.map(({ field }) => field)).toEqual([null, 'theme']);
});

test('parts that keep up, cannot be seen or do not count bring no notice', () => {
  const others = [part('alert', 'behind', 9_000), part('publish', 'behind', 9_000)];
  expect(lagNotices([part('aggregate', 'well', 20), ...others])).toEqual([]);
  expect(lagNotices([part('aggregate', 'away', null)])).toEqual([]);
});

test('an answer is given all the same when how far the parts are is not known', async () => {
  const lost = await ask(() => Promise.reject(new Error('no log')));
  const late = await ask(() => new Promise(() => {}));
  for (const answers of [lost, late]) expect(answers[1]!.notices).toEqual([]);
});
