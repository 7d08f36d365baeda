// Writes facts: what a batch adds is merged with what is there, and only what really changes is written, together with
// its words and the cells that it leaves and enters. Any number of copies may write facts of the same things.
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Insight } from '#schemas/insight.ts';
import { SignpostError } from '#core/errors.ts';
import type { Tables } from '#core/store/tables.ts';
import { namesOf, unnested } from '#core/store/unnest.ts';
import { cellsOf, markCells } from './changed-cells.ts';
import { merged, type Fact } from './fact.ts';
import { factColumns, factIn, rowOf, type FactRow, type StoredFact } from './fact-rows.ts';
import type { Names, Numbered } from './names.ts';
import { writeWords } from './words.ts';

type Tx = Transaction<Tables>;

/** One record: what it tells, and the insight for its words. */
export interface Told {
  readonly fact: Fact;
  readonly insight: Insight;
}

export interface Change {
  /** Undefined for what was not there. */
  readonly before: Fact<Numbered> | undefined;
  readonly after: Fact<Numbered>;
}

/** Each time another copy inserted one of the facts first; that one got through, so a few are many. */
const attempts = 10;

/**
 * @param wordsFrom words received before this moment (milliseconds since the epoch) are not kept
 * @throws SignpostError `store-busy` when others were faster too often
 */
export async function writeFacts(
  told: readonly Told[],
  names: Names,
  tx: Tx,
  wordsFrom: number,
): Promise<void> {
  if (told.length === 0) return;
  const facts = await names.numbered(
    told.map(({ fact }) => fact),
    tx,
  );
  const insightOf = new Map(facts.map(({ says }, index) => [says, told[index]!.insight]));
  const changes = await mergeIn(facts, tx);
  if (changes.length === 0) return;
  await markCells(cellsOf(changes), tx);
  // Facts whose words changed are those that a record of this batch stands for now.
  const speaking = changes.flatMap(({ before, after }) => {
    const insight = insightOf.get(after.says);
    return insight === undefined ? [] : [{ fact: after, insight, isNew: before === undefined }];
  });
  await writeWords(speaking, tx, wordsFrom);
}

/** Merges the facts with those that are there, in order of their keys. @returns what changed */
async function mergeIn(facts: readonly Fact<Numbered>[], tx: Tx): Promise<readonly Change[]> {
  let missing = mergedByEntity(facts);
  const done: Change[] = [];
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const existing = await readFacts(missing, tx);
    const inserts: FactRow[] = [];
    const updates: Change[] = [];
    for (const fact of missing) {
      const before = existing.get(fact.entity);
      if (before === undefined) inserts.push(rowOf(fact));
      else {
        const after = merged(before, fact);
        if (after !== before) updates.push({ before, after });
      }
    }
    if (updates.length > 0)
      await updateFacts(
        updates.map(({ after }) => rowOf(after)),
        tx,
      );
    done.push(...updates);
    if (inserts.length === 0) return done;
    const inserted = await insertFacts(inserts, tx);
    missing = [];
    for (const { fact } of inserts) {
      if (inserted.has(fact.entity)) done.push({ before: undefined, after: fact });
      else missing.push(fact);
    }
    if (missing.length === 0) return done;
  }
  throw new SignpostError(
    'store-busy',
    `Other copies wrote the same facts first, ${attempts} times in a row`,
  );
}

function mergedByEntity(facts: readonly Fact<Numbered>[]): Fact<Numbered>[] {
  const byEntity = new Map<string, Fact<Numbered>>();
  for (const fact of facts) {
    const known = byEntity.get(fact.entity);
    byEntity.set(fact.entity, known === undefined ? fact : merged(known, fact));
  }
  // In one order, so that copies wait for each other and not in a circle.
  return [...byEntity.values()].toSorted((a, b) => (a.entity < b.entity ? -1 : 1));
}

const momentColumns = ['at', 'occurred_at', 'received_at', 'resolved_at', 'judged_at'] as const;
const storedColumns: RawBuilder<unknown> = sql.raw(
  [
    ...momentColumns.map((name) => `date_part('epoch', s.${name}) * 1000 AS ${name}`),
    ...factColumns
      .map(({ name }) => name)
      .filter((name) => ![...momentColumns, 'reopened_at', 'judged_offset'].includes(name))
      .map((name) => `s.${name}`),
    's.judged_offset::float8 AS judged_offset',
    'p.area',
  ].join(', '),
);

/** Locked until the transaction ends. */
async function readFacts(
  wanted: readonly Fact<Numbered>[],
  tx: Tx,
): Promise<ReadonlyMap<string, Fact<Numbered>>> {
  const entities = `{${wanted.map(({ entity }) => entity).join(',')}}`;
  const { rows } = await sql<StoredFact>`
    SELECT ${storedColumns} FROM signpost.signals s JOIN signpost.places p ON p.id = s.place
    WHERE s.entity = ANY (${entities}::uuid[])
    ORDER BY s.entity FOR UPDATE OF s`.execute(tx);
  return new Map(rows.map((row) => [row.entity, factIn(row)]));
}

const insertedColumns = namesOf(factColumns);

/** @returns entities of those that nobody else inserted meanwhile */
async function insertFacts(rows: readonly FactRow[], tx: Tx): Promise<ReadonlySet<string>> {
  const { rows: inserted } = await sql<{ entity: string }>`
    INSERT INTO signpost.signals (${insertedColumns})
    SELECT * FROM ${unnested(factColumns, rows)} AS new
    ON CONFLICT (entity) DO NOTHING
    RETURNING entity`.execute(tx);
  return new Set(inserted.map(({ entity }) => entity));
}

const updatedColumns: RawBuilder<unknown> = sql.raw(
  factColumns
    .filter(({ name }) => name !== 'entity')
    .map(({ name }) => `${name} = new.${name}`)
    .join(', '),
);

async function updateFacts(rows: readonly FactRow[], tx: Tx): Promise<void> {
  await sql`
    UPDATE signpost.signals s SET ${updatedColumns}, changed = pg_current_xact_id()
    FROM ${unnested(factColumns, rows)} AS new WHERE s.entity = new.entity`.execute(tx);
}
