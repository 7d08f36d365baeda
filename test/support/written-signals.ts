// Rows of signals as the projection writes them, for tests of what is read.
import { createHash } from 'node:crypto';
import { sql, type Kysely, type Transaction } from 'kysely';
import { kindNumbers, urgencyNumbers, type Tables } from '../../services/core/store/tables.ts';

type Writes = Kysely<Tables> | Transaction<Tables>;

export interface Said {
  readonly id: string;
  /** Of the ticket, post or answer; the id when left out. */
  readonly entity?: string;
  readonly departments: readonly string[];
  readonly text?: string | null;
  readonly theme?: string;
  readonly kind?: keyof typeof kindNumbers;
  readonly at?: Date;
  readonly region?: string;
  readonly urgency?: keyof typeof urgencyNumbers;
  readonly churn?: number;
  readonly source?: string;
  /** As the stage keeps them; made up when left out. */
  readonly relevances?: readonly object[];
}

/** Departments that tests know, by bit. */
export const departmentNames = ['operations', 'marketing', 'planning'] as const;

export async function prepareDepartments(db: Writes): Promise<void> {
  await db
    .insertInto('signpost.departments')
    .values(departmentNames.map((name, bit) => ({ bit, name })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Writes or writes again: the row and its words in one transaction, as the projection does. */
export async function write(db: Writes, said: Said): Promise<void> {
  if (db.isTransaction) return writeIn(db, said);
  await db.transaction().execute((tx) => writeIn(tx, said));
}

async function writeIn(db: Writes, said: Said): Promise<void> {
  const at = said.at ?? new Date('2026-11-29T08:00:00Z');
  const theme = await label(db, 'theme', said.theme ?? 'coverage');
  const bits = said.departments.reduce(
    (all, name) => all | (1 << departmentNames.indexOf(name as 'operations')),
    0,
  );
  const entity = uuidOf(said.entity ?? said.id);
  const row = {
    entity,
    id: said.id,
    source: await label(db, 'source', said.source ?? 'test'),
    source_id: said.entity ?? said.id,
    kind: kindNumbers[said.kind ?? 'ticket'],
    revision: 1,
    at,
    occurred_at: at,
    received_at: at,
    reopened_at: null,
    resolved_at: null,
    is_open: true,
    is_exact: true,
    place: await place(db, said.region ?? null),
    h3: null,
    technology: await label(db, 'technology', 'unknown'),
    theme,
    departments: bits,
    customer: null,
    severity: await label(db, 'severity', 'unknown'),
    sentiment: -1,
    urgency: urgencyNumbers[said.urgency ?? 'normal'],
    churn: said.churn ?? 0.1,
    scale: null,
    score: null,
    model: await label(db, 'model', 'rules+1'),
    judged_at: null,
    judged_offset: null,
    turns: null,
  };
  await db
    .insertInto('signpost.signals')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .column('entity')
        .doUpdateSet({ ...row, changed: sql`pg_current_xact_id()` as unknown as string }),
    )
    .execute();
  if (said.text === null) return;
  const relevances = departmentNames.map((department) => ({
    department,
    relevance: said.departments.includes(department) ? 0.9 : 0.1,
    evidence: [{ kind: 'text', text: 'signal', start: 3, end: 9, weight: 1.5 }],
    rest: 0.2,
  }));
  const words = {
    received_at: at,
    departments: bits,
    text: said.text ?? 'no signal at home',
    language: 'en',
    relevances: JSON.stringify(said.relevances ?? relevances),
  };
  await db
    .insertInto('signpost.words')
    .values({ entity, ...words })
    .onConflict((conflict) => conflict.column('entity').doUpdateSet(words))
    .execute();
}

export function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

async function label(db: Writes, kind: string, name: string): Promise<number> {
  const found = await sql<{ id: number }>`
    SELECT id FROM signpost.labels WHERE kind = ${kind} AND name = ${name}`.execute(db);
  if (found.rows[0] !== undefined) return found.rows[0].id;
  await sql`INSERT INTO signpost.labels (kind, name) VALUES (${kind}, ${name}) ON CONFLICT DO NOTHING`.execute(
    db,
  );
  return label(db, kind, name);
}

async function place(db: Writes, region: string | null): Promise<number> {
  const found = await sql<{ id: number }>`
    SELECT id FROM signpost.places WHERE region IS NOT DISTINCT FROM ${region}`.execute(db);
  if (found.rows[0] !== undefined) return found.rows[0].id;
  await sql`INSERT INTO signpost.places (region) VALUES (${region}) ON CONFLICT DO NOTHING`.execute(
    db,
  );
  return place(db, region);
}
