// The rollout plan in the store: imported, listed, removed. An import happens wholly or not at all, and two of them one
// after the other.
import { sql, type Transaction } from 'kysely';
import type { Db } from '#core/store/postgres.ts';
import type { Tables } from '#core/store/tables.ts';
import { changeOf, type Replacement } from './change.ts';
import { recognise, type UnknownArea } from './known-areas.ts';
import type { Flaw, PlannedArea } from './plan.ts';
import { readWaves } from './read-waves.ts';

export interface ImportOptions {
  readonly replace: Replacement;
  /** Tells what would change, and changes nothing. */
  readonly dryRun: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Numbers are of lines. */
export interface ImportedWaves {
  readonly lines: number;
  readonly waves: readonly string[];
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly dryRun: boolean;
  /** False where neither gazetteer nor signals name any area to compare with. */
  readonly areasChecked: boolean;
  /** The first 100 of `unknownAreaCount`; they are imported all the same. */
  readonly unknownAreas: readonly UnknownArea[];
  readonly unknownAreaCount: number;
  /** Areas written otherwise than they are known, the first 100. */
  readonly respelt: readonly { readonly area: string; readonly known: string }[];
  /** Columns that mean nothing here. */
  readonly columnsPassedOver: readonly string[];
}

export type WavesImport =
  | { readonly ok: true; readonly imported: ImportedWaves }
  /** Nothing was changed. */
  | { readonly ok: false; readonly flaws: readonly Flaw[] };

const mostTold = 100;

/** @param bytes a CSV file, see docs/rollout.md */
export async function importWaves(
  db: Db,
  bytes: Uint8Array,
  { replace, dryRun, now }: ImportOptions,
): Promise<WavesImport> {
  const plan = readWaves(bytes, now);
  if (!plan.ok) return plan;
  return db.query.transaction().execute(async (tx) => {
    await lockPlan(tx);
    const known = await knownAreas(tx);
    const { lines, respelt, unknown } = recognise(plan.lines, known);
    const change = changeOf(await allOf(tx), lines, replace);
    if (!dryRun) {
      await remove(tx, [...change.removed, ...change.changed]);
      await add(tx, [...change.added, ...change.changed]);
    }
    const imported = {
      lines: lines.length,
      waves: [...new Set(lines.map(({ wave }) => wave))],
      added: change.added.length,
      changed: change.changed.length,
      unchanged: change.unchanged,
      removed: change.removed.length,
      dryRun,
      areasChecked: known.length > 0,
      unknownAreas: unknown.slice(0, mostTold),
      unknownAreaCount: unknown.length,
      respelt: respelt.slice(0, mostTold),
      columnsPassedOver: plan.passedOver,
    };
    return { ok: true, imported };
  });
}

/** The whole plan, by wave, area and technology. */
export async function listWaves(db: Db): Promise<PlannedArea[]> {
  return allOf(db.query);
}

/** @returns how many lines are gone; 0 when there is no such wave. */
export async function removeWave(db: Db, wave: string): Promise<number> {
  const { numDeletedRows } = await db.query
    .deleteFrom('signpost.waves')
    .where('wave', '=', wave)
    .executeTakeFirst();
  return Number(numDeletedRows);
}

type Queries = Db['query'] | Transaction<Tables>;

async function lockPlan(tx: Transaction<Tables>): Promise<void> {
  await sql`LOCK TABLE signpost.waves IN SHARE ROW EXCLUSIVE MODE`.execute(tx);
}

async function allOf(queries: Queries): Promise<PlannedArea[]> {
  const rows = await queries
    .selectFrom('signpost.waves')
    .select(['wave', 'area', 'technology', 'planned_on', 'finished_on'])
    .orderBy('wave')
    .orderBy('area')
    .orderBy('technology')
    .execute();
  return rows.map(({ wave, area, technology, planned_on, finished_on }) => ({
    wave,
    area,
    technology,
    plannedOn: String(planned_on),
    finishedOn: finished_on === null ? null : String(finished_on),
  }));
}

async function knownAreas(queries: Queries): Promise<string[]> {
  const { rows } = await sql<{ area: string }>`
    SELECT area FROM signpost.gazetteer
    UNION SELECT area FROM signpost.places WHERE area IS NOT NULL`.execute(queries);
  return rows.map(({ area }) => area);
}

async function add(tx: Transaction<Tables>, lines: readonly PlannedArea[]): Promise<void> {
  if (lines.length === 0) return;
  await sql`
    INSERT INTO signpost.waves (wave, area, technology, planned_on, finished_on)
    SELECT wave, area, technology, "plannedOn", "finishedOn"
    FROM jsonb_to_recordset(${JSON.stringify(lines)}::jsonb)
      AS line (wave text, area text, technology text, "plannedOn" date, "finishedOn" date)`.execute(
    tx,
  );
}

async function remove(tx: Transaction<Tables>, lines: readonly PlannedArea[]): Promise<void> {
  if (lines.length === 0) return;
  await sql`
    DELETE FROM signpost.waves AS planned
    USING jsonb_to_recordset(${JSON.stringify(lines)}::jsonb)
      AS line (wave text, area text, technology text)
    WHERE planned.wave = line.wave AND planned.area = line.area
      AND planned.technology = line.technology`.execute(tx);
}
