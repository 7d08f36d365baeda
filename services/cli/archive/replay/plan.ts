// What a replay is to do, and how far it is: both stand in the schema of the tables that it fills, the second in the
// transaction of their rows. The same command again goes on from there.
import { sql, type Kysely } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import type { Tables } from '#core/store/tables.ts';
import { hasTable } from '#core/store/beside/swap-tables.ts';
import type { HeldRange } from './holdings.ts';

/** Milliseconds since the epoch, `to` exclusive; null where it is not bounded. */
export interface Span {
  readonly from: number | null;
  readonly to: number | null;
}

export interface Plan {
  readonly into: 'aggregates' | 'alerts';
  readonly span: Span;
  /** Version of the model that judges anew; null where what was judged stands. */
  readonly model: string | null;
  /** What else decides the rows: another one begins anew. */
  readonly settings: string;
  /** How far the archive was when it began; what came later is read from the topic. */
  readonly ends: readonly HeldRange[];
}

/** The last row written; those of later days, topics, partitions and offsets are still to come. */
export interface Position {
  readonly dataset: string;
  readonly day: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface Stand {
  readonly plan: Plan;
  readonly step: 'loading' | 'loaded' | 'swapped';
  readonly position: Position | null;
  /** Rows read so far. */
  readonly rows: number;
}

export interface WrittenStand extends Stand {
  /** When it was last written, milliseconds since the epoch, and how long ago: by the database's clock. */
  readonly at: number;
  readonly ageMs: number;
}

const table = 'signpost_replay.replay';

export async function createStand(tx: Kysely<Tables>, plan: Plan): Promise<void> {
  await sql
    .raw(`CREATE TABLE ${table} (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), plan jsonb NOT NULL, step text NOT NULL, position jsonb,
    rows bigint NOT NULL, at timestamptz NOT NULL DEFAULT now())`)
    .execute(tx);
  await sql`
    INSERT INTO ${sql.raw(table)} (plan, step, rows) VALUES (${JSON.stringify(plan)}, 'loading', 0)`.execute(
    tx,
  );
}

/** Null where no replay was begun. */
export async function readStand({ query }: Db): Promise<WrittenStand | null> {
  if (!(await hasTable(query, table))) return null;
  const { rows } = await sql<WrittenStand>`
    SELECT plan, step, position, rows::float8 AS rows, EXTRACT(epoch FROM at)::float8 * 1000 AS at,
      EXTRACT(epoch FROM now() - at)::float8 * 1000 AS "ageMs"
    FROM ${sql.raw(table)}`.execute(query);
  return rows[0] ?? null;
}

export async function writeStand(
  tx: Kysely<Tables>,
  { step, position, rows }: Omit<Stand, 'plan'>,
): Promise<void> {
  await sql`UPDATE ${sql.raw(table)} SET step = ${step}, position = ${JSON.stringify(position)}::jsonb,
    rows = ${rows}, at = now()`.execute(tx);
}

/** Whether it is the same work, however far the archive has come meanwhile. */
export function isSame(a: Plan, b: Plan): boolean {
  const of = ({ into, span: { from, to }, model, settings }: Plan): string =>
    JSON.stringify([into, from, to, model, settings]);
  return of(a) === of(b);
}

/** Whether the archive had what it has now when the other was made. */
export function isAsFar({ ends: now }: Plan, { ends: then }: Plan): boolean {
  const had = new Map(then.map(({ topic, partition, to }) => [`${topic}/${partition}`, to]));
  return now.every(({ topic, partition, to }) => to <= (had.get(`${topic}/${partition}`) ?? 0));
}
