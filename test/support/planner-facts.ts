// Facts as the projection writes them, put into a store by hand for tests of questions.
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { kindNumbers, scaleNumbers, type LabelKind } from '#core/store/tables.ts';
import type { Db } from '#core/store/postgres.ts';

export interface PlainFact {
  readonly kind?: keyof typeof kindNumbers;
  /** A moment, ISO. */
  readonly at: string;
  /** How many alike; 1 when left out. */
  readonly count?: number;
  readonly country?: string;
  readonly region?: string;
  readonly city?: string;
  readonly area?: string;
  readonly postcode?: string;
  /** H3 cell of resolution 9. */
  readonly h3?: string;
  readonly theme?: string;
  readonly technology?: string;
  /** Names of those that received it; `operations` alone when left out. */
  readonly departments?: readonly string[];
  readonly isOpen?: boolean;
  readonly resolvedAt?: string;
  readonly reopenedAt?: string;
  /** False where only the day is known. */
  readonly isExact?: boolean;
  /** A pseudonym. */
  readonly customer?: string;
  readonly severity?: string;
  readonly sentiment?: -1 | 0 | 1;
  readonly churn?: number;
  /** What was said; none for forgotten words. */
  readonly text?: string;
  readonly scale?: keyof typeof scaleNumbers;
  readonly score?: number;
}

let written = 0;

/** Departments get bits in the order in which they are met. */
export async function addFacts(db: Db, facts: readonly PlainFact[]): Promise<void> {
  for (const fact of facts) {
    const { departments = ['operations'], kind = 'ticket', at } = fact;
    const place = await placeOf(db, fact);
    const bits: bigint[] = [];
    for (const name of departments) bits.push(1n << BigInt(await bitOf(db, name)));
    const rows = Array.from({ length: fact.count ?? 1 }, () => {
      written += 1;
      const id = `fact-${written}`;
      return { entity: md5(id), id };
    });
    const label = async (of: LabelKind, name: string) => sql.lit(await labelOf(db, of, name));
    const mask = String(bits.reduce((all, bit) => all | bit, 0n));
    const customer = fact.customer === undefined ? null : md5(fact.customer);
    const h3 = fact.h3 === undefined ? null : String(BigInt(`0x${fact.h3}`));
    await sql`
      INSERT INTO signpost.signals (entity, id, source, source_id, kind, revision, at, occurred_at,
        received_at, resolved_at, reopened_at, is_open, is_exact, place, h3, technology, theme, departments, customer, severity,
        sentiment, urgency, churn, scale, score, model)
      SELECT entity, id, ${await label('source', 'desk')}, id, ${kindNumbers[kind]}, 1,
        ${at}::timestamptz, ${at}::timestamptz, ${at}::timestamptz, ${fact.resolvedAt ?? null}::timestamptz,
        ${fact.reopenedAt ?? null}::timestamptz, ${fact.isOpen ?? false}, ${fact.isExact ?? true}, ${place}, ${h3}::bigint,
        ${await label('technology', fact.technology ?? 'unknown')},
        ${await label('theme', fact.theme ?? 'none')},
        ${mask}::bigint, ${customer}::uuid,
        ${await label('severity', fact.severity ?? 'unknown')}, ${fact.sentiment ?? 0}::smallint, 1, ${fact.churn ?? 0}::real,
        ${fact.scale === undefined ? null : scaleNumbers[fact.scale]}::smallint,
        ${fact.score ?? null}::real, ${await label('model', 'test')}
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row (entity uuid, id text)`.execute(
      db.query,
    );
    if (fact.text === undefined) continue;
    await sql`
      INSERT INTO signpost.words (entity, received_at, departments, text, relevances)
      SELECT entity, ${at}::timestamptz, ${mask}::bigint, ${fact.text}, ${JSON.stringify(departments.map(relevance))}::jsonb
      FROM jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS row (entity uuid)`.execute(
      db.query,
    );
  }
}

function relevance(department: string): object {
  return { department, relevance: 0.9, evidence: [], rest: 0 };
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

export interface PlainArea {
  readonly area: string;
  readonly subscribers?: number;
  readonly technology?: string;
  readonly country?: string;
  readonly region?: string;
  readonly city?: string;
  readonly postcode?: string;
  readonly lat?: number;
  readonly lon?: number;
}

/** In place of the gazetteer that is there. */
export async function setGazetteer(db: Db, areas: readonly PlainArea[]): Promise<void> {
  await db.query.deleteFrom('signpost.gazetteer').execute();
  const unknown = {
    country: null,
    region: null,
    city: null,
    postcode: null,
    lat: null,
    lon: null,
    subscribers: null,
    technology: null,
  };
  await db.query
    .insertInto('signpost.gazetteer')
    .values(areas.map((area, row) => ({ ...unknown, ...area, row })))
    .execute();
  const digest = JSON.stringify(areas);
  await sql`
    INSERT INTO signpost.gazetteer_read (digest, read_at) VALUES (${digest}, now())
    ON CONFLICT (one) DO UPDATE SET digest = EXCLUDED.digest, read_at = EXCLUDED.read_at`.execute(
    db.query,
  );
}

async function placeOf(db: Db, fact: PlainFact): Promise<number> {
  const { country = null, region = null, city = null, area = null, postcode = null } = fact;
  const place = { country, region, city, area, postcode, site: null };
  await db.query
    .insertInto('signpost.places')
    .values(place)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { rows } = await sql<{ id: number }>`
    SELECT id FROM signpost.places WHERE (country, region, city, area, postcode, site)
      IS NOT DISTINCT FROM (${country}::text, ${region}::text, ${city}::text, ${area}::text, ${postcode}::text, NULL::text)`.execute(
    db.query,
  );
  return rows[0]!.id;
}

async function labelOf(db: Db, kind: LabelKind, name: string): Promise<number> {
  await db.query
    .insertInto('signpost.labels')
    .values({ kind, name })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await db.query
    .selectFrom('signpost.labels')
    .select('id')
    .where('kind', '=', kind)
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return row.id;
}

async function bitOf(db: Db, name: string): Promise<number> {
  const there = await db.query.selectFrom('signpost.departments').selectAll().execute();
  const known = there.find((each) => each.name === name);
  if (known !== undefined) return known.bit;
  await db.query.insertInto('signpost.departments').values({ bit: there.length, name }).execute();
  return there.length;
}
