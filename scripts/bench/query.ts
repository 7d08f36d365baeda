// Bench: how long planners wait. Each question over a realistic mix of filters, in a store of two years of signals; and
// one of them asked of the facts by plain SQL, which must answer the same.
import type { Db } from '../../services/core/store/postgres.ts';
import {
  aggregatesQuestion,
  insightsQuestion,
  placeQuestion,
  rankQuestion,
  wavesQuestion,
} from '../../services/portal/api/questions.ts';
import { aggregates } from '../../services/portal/queries/aggregates.ts';
import { facets } from '../../services/portal/queries/facets.ts';
import { insights } from '../../services/portal/queries/insights.ts';
import { place } from '../../services/portal/queries/place.ts';
import { rank } from '../../services/portal/queries/rank.ts';
import { waves } from '../../services/portal/queries/waves.ts';
import type { Reader } from '../../services/portal/reader.ts';
import { openLoadedStore, timed, type Store } from './loaded-store.ts';
import { aggregatesBySql, type PlainRow } from './query-by-sql.ts';
import { areas, endsAt, themes } from './query-data.ts';

export interface QueryBench {
  readonly signals: number;
  readonly store: Store;
  /** Of each question; the mix comes round several times. */
  readonly asked: number;
}

/** Rows for console.table: milliseconds of each question, then of the same question by plain SQL. */
export async function benchQuery({ store, signals, asked }: QueryBench): Promise<object[]> {
  const { db, close } = await openLoadedStore(store, signals);
  try {
    const rows: object[] = [];
    for (const question of questions) {
      console.error(`  ${question.name}`);
      rows.push({ store, question: question.name, ...(await measure(db, question, asked)) });
    }
    return [...rows, await comparison(db, store)];
  } finally {
    await close();
  }
}

const planner: Reader = {
  name: 'bench',
  role: 'planner',
  departments: null,
  suppressBelow: 0,
  mayJudge: false,
};
const department: Reader = { ...planner, departments: ['planning'], suppressBelow: 5 };
const now = endsAt;

interface Question {
  readonly name: string;
  /** @param turn counts from 0; decides on filters */
  readonly ask: (db: Db, turn: number) => Promise<unknown>;
}

const theme = (turn: number): string => `theme ${1 + (turn % themes)}`;
/** Most of what is asked is of one theme, some of everything, some of a region or a technology. */
const filters = (turn: number): object =>
  [
    { theme: theme(turn) },
    {},
    { theme: theme(turn * 3), technology: '4G' },
    { region: `Region ${turn % 10}` },
    { theme: theme(turn), from: '2026-10-01' },
  ][turn % 5]!;
const reader = (turn: number): Reader => (turn % 3 === 2 ? department : planner);
const area = (turn: number): string => `Area ${(turn * turn * 13) % areas}`;

const questions: readonly Question[] = [
  ...['area', 'region', 'theme', 'h3-4', 'h3-6', 'department'].map((groupBy): Question => ({
    name: `aggregates by ${groupBy}`,
    ask: (db, turn) =>
      aggregates(db, reader(turn), aggregatesQuestion.parse({ groupBy, ...filters(turn) }), now),
  })),
  {
    name: 'aggregates by week, two years',
    ask: (db, turn) =>
      aggregates(
        db,
        reader(turn),
        aggregatesQuestion.parse({ bucket: 'week', ...filters(turn), from: '2024-12-01' }),
        now,
      ),
  },
  {
    name: 'aggregates by day',
    ask: (db, turn) =>
      aggregates(
        db,
        reader(turn),
        aggregatesQuestion.parse({ bucket: 'day', ...filters(turn) }),
        now,
      ),
  },
  {
    name: 'rank areas',
    ask: (db, turn) => rank(db, reader(turn), rankQuestion.parse(filters(turn)), now),
  },
  {
    name: 'rank hexes',
    ask: (db, turn) =>
      rank(db, reader(turn), rankQuestion.parse({ level: 'h3-6', ...filters(turn) }), now),
  },
  {
    name: 'one area',
    ask: (db, turn) => place(db, planner, `area:${area(turn)}`, placeQuestion.parse({}), now),
  },
  {
    name: 'waves',
    ask: (db, turn) => waves(db, planner, wavesQuestion.parse(filters(turn)), now),
  },
  {
    name: 'insights',
    ask: (db, turn) => insights(db, reader(turn), insightsQuestion.parse(filters(turn)), now),
  },
  { name: 'facets', ask: (db, turn) => facets(db, reader(turn)) },
];

async function measure(db: Db, { ask }: Question, asked: number): Promise<object> {
  const firstMs = await timed(() => ask(db, 0));
  // Packs are in memory and code is compiled after the mix came round once.
  for (let turn = 0; turn < 15; turn += 1) await ask(db, turn);
  const times: number[] = [];
  for (let turn = 0; turn < asked; turn += 1) times.push(await timed(() => ask(db, turn)));
  times.sort((one, other) => one - other);
  const at = (share: number): number => rounded(times[Math.ceil(share * times.length) - 1]!);
  return { 'first ms': rounded(firstMs), 'p50 ms': at(0.5), 'p99 ms': at(0.99) };
}

/** By area and theme over 90 days: the broadest that a page asks. */
async function comparison(db: Db, store: string): Promise<object> {
  const to = endsAt;
  const from = new Date(to.getTime() - 90 * 86_400_000);
  const question = aggregatesQuestion.parse({
    groupBy: 'area',
    from: from.toISOString(),
    to: to.toISOString(),
    limit: 10_000,
  });
  let ours: Awaited<ReturnType<typeof aggregates>> | undefined;
  let plain: readonly PlainRow[] = [];
  const [oursMs, plainMs]: number[][] = [[], []];
  for (let run = 0; run < 5; run += 1) {
    oursMs!.push(await timed(async () => (ours = await aggregates(db, planner, question, now))));
    plainMs!.push(
      await timed(async () => {
        plain = await db.query
          .transaction()
          .execute((tx) => aggregatesBySql(tx, { ...question, from, to }));
      }),
    );
  }
  const [ourMedian, plainMedian] = [median(oursMs!), median(plainMs!)];
  return {
    store,
    question: `aggregates by area, everything: ${isSame(ours!.rows, plain) ? 'as' : 'NOT AS'} by plain SQL`,
    'p50 ms': rounded(ourMedian),
    'plain SQL ms': rounded(plainMedian),
    'times as fast': rounded(plainMedian / ourMedian),
  };
}

type Rows = Awaited<ReturnType<typeof aggregates>>['rows'];
const compared = [
  'opened',
  'reopened',
  'resolved',
  'stillOpen',
  'posts',
  'surveyAnswers',
  'customers',
  'medianHoursToResolve',
  'p90HoursToResolve',
  'meanSentiment',
  'meanCsat',
  'nps',
] as const;

function isSame(rows: Rows, plain: readonly PlainRow[]): boolean {
  const byArea = new Map(plain.map((row) => [row['by_area'], row]));
  const isNear = (one: unknown, other: unknown): boolean =>
    one === other || Math.abs(Number(one) - Number(other)) <= 1e-9 * Math.abs(Number(other));
  return (
    rows.length === plain.length &&
    rows.every((row) => {
      const other = byArea.get(row.place?.name ?? null);
      return other !== undefined && compared.every((each) => isNear(row[each], other[each]));
    })
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)]!;
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
