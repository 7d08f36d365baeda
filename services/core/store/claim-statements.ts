// The statements of the claim store. Each takes a whole batch as a few arrays, so that a batch is one statement to the
// server however many claims it has; each is a transaction by itself.
import { sql } from 'kysely';
import type { Claim, Position } from '../log/port.ts';
import { plain } from './claim-pack.ts';
import type { PackedClaims, StoredOwner, StoredUpdate } from './claim-pack.ts';
import type { Db } from './postgres.ts';

/** The number of a partition in rows; made when asked for the first time. */
export async function sourceOf(
  { query }: Db,
  { topic, partition }: Pick<Position, 'topic' | 'partition'>,
): Promise<number> {
  const find = (): Promise<{ id: number } | undefined> =>
    query
      .selectFrom('signpost.claim_sources')
      .select('id')
      .where('topic', '=', topic)
      .where('partition', '=', partition)
      .executeTakeFirst();
  const found = await find();
  if (found !== undefined) return found.id;
  await query
    .insertInto('signpost.claim_sources')
    .values({ topic, partition })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const made = await find();
  if (made === undefined) throw new Error('A source of claims vanished, though none is deleted');
  return made.id;
}

/** The updates of each entity, by `seq`. */
export async function readHistories(
  { query }: Db,
  entities: readonly string[],
): Promise<readonly (readonly StoredUpdate[])[]> {
  const histories: StoredUpdate[][] = entities.map(() => []);
  if (entities.length === 0) return histories;
  const { rows } = await sql<StoredUpdate & { n: number }>`
    SELECT e.n::int AS n, u.seq, u.id::text AS id, u.source, u.at_offset::float8 AS "offset", u.payload
    FROM unnest(${arrayOf(entities)}::uuid[]) WITH ORDINALITY AS e (entity, n)
    JOIN signpost.entity_updates u USING (entity)
    ORDER BY e.n, u.seq`.execute(query);
  for (const { n, seq, id, source, offset, payload } of rows)
    histories[n - 1]?.push({
      seq,
      id: id.replaceAll('-', ''),
      source,
      offset,
      payload: plain(payload),
    });
  return histories;
}

/** When the rows are made: for retention. */
export interface Stamp {
  readonly source: number;
  readonly at: Date;
}

/**
 * Claims the ids that nobody has and keeps the payloads of those, all or nothing.
 * @param histories as read before: payloads are numbered from there on, so that whoever added to one of the entities
 *   in between makes this fail with a unique violation
 * @returns the ids that somebody has, as indexes into `packed.ids`
 */
export async function insertClaims(
  { query }: Db,
  claims: readonly Claim[],
  packed: PackedClaims,
  histories: readonly (readonly StoredUpdate[])[],
  stamp: Stamp,
): Promise<readonly number[]> {
  const firsts = packed.firsts.map((i) => claims[i]!);
  const withPayload = packed.firsts.filter((i) => isUpdate(claims[i]!));
  // In order of ids, so that two batches that claim the same ones wait for each other instead of in a circle.
  const { rows } = await sql<{ n: number }>`
    WITH input AS (
      SELECT * FROM unnest(
        ${arrayOf(packed.ids)}::uuid[],
        ${arrayOf(firsts.map(({ offset }) => offset))}::bigint[],
        ${firsts.map(({ content }) => content)}::text[]
      ) WITH ORDINALITY AS t (id, at_offset, content, n)
    ), won AS (
      INSERT INTO signpost.claims (id, source, claimed_on, at_offset, content)
      SELECT id, ${stamp.source}, ${dayOf(stamp.at)}::date, at_offset, content FROM input ORDER BY id
      ON CONFLICT (id) DO NOTHING
      RETURNING id
    )${withPayload.length === 0 ? sql`` : kept(claims, packed, withPayload, histories, stamp, sql`JOIN won USING (id)`)}
    SELECT n::int AS n FROM input LEFT JOIN won USING (id) WHERE won.id IS NULL`.execute(query);
  return rows.map(({ n }) => n - 1);
}

/** Who owns these ids (indexes into `packed.ids`); ids that retention took meanwhile are missing. */
export async function readOwners(
  { query }: Db,
  packed: PackedClaims,
  indexes: readonly number[],
): Promise<ReadonlyMap<number, StoredOwner>> {
  if (indexes.length === 0) return new Map();
  const { rows } = await sql<StoredOwner & { n: number }>`
    SELECT t.n::int AS n, s.topic, s.partition, c.at_offset::float8 AS "offset", c.content
    FROM unnest(${arrayOf(indexes.map((index) => packed.ids[index]!))}::uuid[]) WITH ORDINALITY AS t (id, n)
    JOIN signpost.claims c USING (id)
    JOIN signpost.claim_sources s ON s.id = c.source`.execute(query);
  return new Map(rows.map(({ n, ...owner }) => [indexes[n - 1]!, owner]));
}

/** Keeps payloads of claims (indexes into `claims`) again; see `insertClaims` for `histories`. */
export async function insertUpdates(
  { query }: Db,
  claims: readonly Claim[],
  packed: PackedClaims,
  indexes: readonly number[],
  histories: readonly (readonly StoredUpdate[])[],
  stamp: Stamp,
): Promise<void> {
  await sql`
    WITH said AS (SELECT 1)${kept(claims, packed, indexes, histories, stamp, sql``)}
    SELECT count(*) FROM kept`.execute(query);
}

/** The part of a statement that keeps payloads: of each entity numbered without gaps, in the order of the claims. */
function kept(
  claims: readonly Claim[],
  packed: PackedClaims,
  indexes: readonly number[],
  histories: readonly (readonly StoredUpdate[])[],
  { source, at }: Stamp,
  which: ReturnType<typeof sql>,
): ReturnType<typeof sql> {
  const payloads = indexes.map((i) => claims[i]!.payload!);
  let end = 1;
  const starts = payloads.map(({ length }) => (end += length) - length);
  const entities = indexes.map((i) => packed.entityOf[i]!);
  return sql`, updates AS (
      SELECT * FROM unnest(
        ${arrayOf(indexes.map((i) => packed.ids[packed.idOf[i]!]!))}::uuid[],
        ${arrayOf(entities.map((entity) => packed.entities[entity]!))}::uuid[],
        ${arrayOf(entities.map((entity) => histories[entity]!.at(-1)?.seq ?? 0))}::int[],
        ${arrayOf(indexes.map((i) => claims[i]!.offset))}::bigint[],
        ${arrayOf(starts)}::int[],
        ${arrayOf(payloads.map(({ length }) => length))}::int[]
      ) WITH ORDINALITY AS u (id, entity, last_seq, at_offset, start, length, n)
    ), kept AS (
      INSERT INTO signpost.entity_updates (entity, seq, source, id, at_offset, claimed_at, payload)
      SELECT entity, last_seq + row_number() OVER (PARTITION BY entity ORDER BY updates.n), ${source}, id,
        at_offset, ${at}, substring(${Buffer.concat(payloads)}::bytea FROM start FOR length)
      FROM updates ${which}
      ORDER BY entity, updates.n
      RETURNING seq
    )`;
}

function isUpdate({ entity, payload }: Claim): boolean {
  return entity !== undefined && payload !== undefined;
}

/** Numbers or hexadecimal digits as an array literal: much less work, on both sides, than a list of parameters. */
function arrayOf(values: readonly (number | string)[]): string {
  return `{${values.join(',')}}`;
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
