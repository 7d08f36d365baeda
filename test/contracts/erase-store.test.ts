// Customers are erased from the store: their words at once and from its files, their facts into nobody's, and everybody
// else's stay as they were.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Insight } from '#schemas/insight.ts';
import { migrate } from '#core/store/migrate.ts';
import { openPglite } from '#core/store/pglite.ts';
import type { Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import { scrubWords, wordTables } from '#core/store/scrub.ts';
import { storedEntities } from '#core/store/erase-updates.ts';
import { shortHash } from '#core/store/short-hash.ts';
import {
  countWords,
  eraseFacts,
  findFacts,
  ticketsOf,
} from '../../services/aggregate/erase-facts.ts';
import { createAggregate } from '../../services/aggregate/stage.ts';
import { eraseSightings, findSightings, loseWords } from '../../services/alert/erase-sightings.ts';
import { createAlert } from '../../services/alert/stage.ts';
import { subjectOf } from '../../services/archive/erasures.ts';
import { insightsShared } from '../../services/topology.ts';
import { insightOf, noPlace, receiversOf, signalOf } from '../support/planner-records.ts';
import { openStore, storeNames } from '../support/stores.ts';

const start = Date.UTC(2026, 10, 1, 12);
const canary = 'kanarienvogel';
const gone = 'k1:gone';
const stays = 'k1:stays';
const until = start + 3_600_000;
const erased = (pseudonym: string, token: string) => ({
  id: 'e',
  hash: subjectOf(pseudonym),
  token: subjectOf(token),
  until,
  ticketsUntil: until,
});
const who = [erased(gone, 'erased:1')];

const department = { department: 'operations', relevance: 0.9, rest: 0 };
function said(customer: string, n: number, text: string, told: object = {}): Insight {
  return insightOf(
    signalOf({
      sourceId: `${customer}-${n}`,
      customer,
      text,
      occurredAt: start + n,
      receivedAt: start + n,
      place: { ...noPlace, area: 'North' },
      ...told,
    }),
    {
      theme: 'outage',
      departments: [
        {
          ...department,
          evidence: [{ kind: 'words', text: text.slice(0, 14), start: 0, end: 14, weight: 1 }],
        },
      ],
    },
  );
}

async function project(db: Db, insights: readonly Insight[]): Promise<void> {
  const store = createProjectionStore(db);
  const inputs = insights.map((record, offset) => ({
    record,
    index: offset,
    received: { topic: insightsShared.name, partition: 0, offset, timestamp: start },
  }));
  const lateness = { latenessMs: 900_000, latenessMsBySource: {} };
  await db.query.transaction().execute(async (tx) => {
    await createAggregate({ store, receiversOf }).apply(inputs as never, tx);
    await createAlert({ store, receiversOf, lateness }).apply(inputs as never, tx);
  });
}

async function erase(db: Db, customers = who) {
  const found = await findFacts(db, customers);
  const lost = { incidents: 0, transitions: 0 };
  const facts = await eraseFacts(db, found, (tx, entities) => loseWords(tx, entities, lost));
  const sightings = await eraseSightings(db, await findSightings(db, customers));
  return { ...facts, sightings, ...lost };
}

async function rowsOf(db: Db, customer: string): Promise<unknown> {
  const { rows } = await sql`
    SELECT s.*, w.text, w.relevances FROM signpost.signals s LEFT JOIN signpost.words w USING (entity)
    WHERE s.customer = ${shortHash(customer)}::uuid ORDER BY s.id`.execute(db.query);
  return rows;
}

describe.each(storeNames)('on %s', (name) => {
  let db: Db;
  beforeAll(async () => {
    db = await openStore(name);
    await project(db, [
      said(gone, 1, `${canary} is down`),
      said(gone, 2, `no ${canary}`, { kind: 'post', ticket: null }),
      said(gone, 3, 'said afterwards', { receivedAt: until + 1 }),
      said(stays, 1, 'I saw a sparrow too'),
    ]);
  }, 60_000);
  afterAll(() => db.close());

  it('words go at once, facts count for somebody else, and everybody else stays', async () => {
    const before = await rowsOf(db, stays);
    const found = await findFacts(db, who);
    expect([found.length, await countWords(db, found)]).toEqual([2, 2]);
    expect(await ticketsOf(db, who)).toEqual(
      expect.arrayContaining([{ id: 'e', source: 'desk', sourceId: `${gone}-1` }]),
    );
    expect(await erase(db)).toMatchObject({ facts: 2, words: 2, sightings: 2 });
    expect(await rowsOf(db, stays)).toEqual(before);
    expect(await rowsOf(db, gone)).toMatchObject([{ text: 'said afterwards' }]);
    expect(await rowsOf(db, 'erased:1')).toMatchObject([{ text: null }, { text: null }]);
    // Its tickets are found under its new name too: to go on after a crash.
    expect((await ticketsOf(db, who)).length).toBe(2);
  });

  it('done again it finds nothing', async () => {
    expect(await erase(db)).toMatchObject({ facts: 0, words: 0, sightings: 0 });
  });

  it('a record that comes again brings nothing back', async () => {
    await project(db, [said(gone, 1, `${canary} is down`)]);
    expect(await rowsOf(db, gone)).toMatchObject([{ text: 'said afterwards' }]);
    const { rows } = await sql`SELECT FROM signpost.words WHERE text LIKE ${`${canary}%`}`.execute(
      db.query,
    );
    expect(rows).toEqual([]);
  });

  it('no table, index or sample holds their bytes once it is scrubbed', async () => {
    await scrubWords(db, { tables: wordTables, isOwn: name === 'PGlite' });
    await sql`CHECKPOINT`.execute(db.query);
    const holding = async (text: string): Promise<number> => {
      const { rows } = await sql<{ name: string }>`
        SELECT c.oid::regclass::text AS name FROM pg_class c
        WHERE c.relkind IN ('r', 'i', 't', 'm') AND c.relfilenode <> 0
          AND position(${Buffer.from(text)}::bytea IN
            pg_read_binary_file(pg_relation_filepath(c.oid), 0, 100000000, true)) > 0`.execute(
        db.query,
      );
      return rows.length;
    };
    expect(await holding(canary)).toBe(0);
    expect(await holding('sparrow')).toBeGreaterThan(1);
  });

  it('of a word that an incident tells it goes where fewer than three others used it', async () => {
    const users = ['a', 'b', 'c', 'd'].map((n) => `k1:${n}`);
    await project(
      db,
      users.map((user) => said(user, 9, user === 'k1:d' ? 'dark here' : 'zebra dark')),
    );
    await sql`
      INSERT INTO signpost.incidents (id, state, started_at, detected_at, level, path, place, themes, customers, expected,
        excess, excess_low, excess_high, affected, affected_low, affected_high, user_minutes, user_minutes_low,
        user_minutes_high, p_value, departments, department_bits, sources, examples, words, updated_at)
      VALUES ('i', 'firing', ${new Date(start - 1000)}, ${new Date(start)}, 'area', '{}', 'North', '{outage}', 4, 0, 4, 4, 4,
        4, 4, 4, 4, 4, 4, 0, '{}', 0, '{}', '{}', '{zebra,dark}', now())`.execute(db.query);
    await sql`
      INSERT INTO signpost.transitions (id, incident_id, state, at, reason, record, written_at)
      VALUES ('t', 'i', 'firing', now(), 'began', '{"words":["zebra","dark"]}', now())`.execute(
      db.query,
    );
    expect(await erase(db, [erased('k1:a', 'erased:a')])).toMatchObject({
      incidents: 1,
      transitions: 1,
    });
    const { rows } = await sql`
      SELECT i.words, t.record FROM signpost.incidents i JOIN signpost.transitions t ON t.incident_id = i.id`.execute(
      db.query,
    );
    expect(rows).toEqual([{ words: ['dark'], record: { words: ['dark'] } }]);
  });

  it('updates of tickets are changed where claims keep them', async () => {
    const insert = (entity: string, seq: number, text: string) =>
      sql`
      INSERT INTO signpost.entity_updates (entity, seq, source, id, at_offset, claimed_at, payload)
      VALUES (${shortHash(entity)}::uuid, ${seq}, 1, gen_random_uuid(), 1, now(), ${Buffer.from(text)})`.execute(
        db.query,
      );
    await insert('ticket/desk/1', 1, canary);
    await insert('ticket/desk/1', 2, 'x');
    await insert('ticket/desk/2', 1, canary);
    const changed = await storedEntities(db).rewriteEntities(
      ['ticket/desk/1', 'ticket/desk/9'],
      (payload) => (Buffer.from(payload).includes(canary) ? Buffer.from('gone') : payload),
    );
    expect(changed).toBe(1);
    const { rows } = await sql<{ text: string }>`
      SELECT convert_from(payload, 'UTF8') AS text FROM signpost.entity_updates ORDER BY 1`.execute(
      db.query,
    );
    expect(rows.map(({ text }) => text)).toEqual(['gone', canary, 'x'].toSorted());
  });

  it('no samples of words are kept, also of tables that are filled beside the live ones', async () => {
    await sql`ANALYZE`.execute(db.query);
    const { rows } = await sql`
      SELECT tablename, attname FROM pg_stats WHERE schemaname = 'signpost'
        AND (attname IN ('text', 'search', 'relevances', 'payload', 'record') OR attname = 'words')`.execute(
      db.query,
    );
    expect(rows).toEqual([]);
  });
});

/** Files below a folder that hold these bytes. */
function filesWith(folder: string, text: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => String(name))
    .filter((name) => statSync(join(folder, name)).isFile())
    .filter((name) => readFileSync(join(folder, name)).includes(text));
}

describe('in the files of PGlite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'signpost-erase-store-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('no byte of erased words is left, and words of the others are', async () => {
    const db = await openPglite(directory);
    await migrate(db);
    const insights = Array.from({ length: 300 }, (_, n) => [
      said(gone, n, `${canary}${n} is down `.repeat(60)),
      said(stays, n, `sparrow${n} is down `.repeat(60)),
    ]).flat();
    await project(db, insights);
    // As those that were there before anybody kept samples away, and what the server did since.
    await sql`VACUUM (ANALYZE) signpost.words`.execute(db.query);
    expect(filesWith(directory, canary)).not.toEqual([]);
    await erase(db);
    await scrubWords(db, { tables: wordTables, isOwn: true });
    expect(filesWith(directory, canary)).toEqual([]);
    expect(filesWith(directory, 'sparrow299')).not.toEqual([]);
    await db.close();
    expect(filesWith(directory, canary)).toEqual([]);
  }, 120_000);
});
