// The model keeps the contract it is the measure of, and so do the embedded log's claims: they mean the same. Postgres
// keeps it on a real server, and forgets in time.
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClaimStore } from '../../services/core/log/kafka/claim-store.ts';
import { packClaims, unpackOutcomes } from '../../services/core/log/embedded/claim-message.ts';
import { CLAIMS_SCHEMA, openClaims } from '../../services/core/log/embedded/claims.ts';
import { RUNS_SCHEMA } from '../../services/core/log/embedded/keyed-runs.ts';
import { createClaimStore } from '../../services/core/store/claim-store.ts';
import { migrate } from '../../services/core/store/migrate.ts';
import { connectPostgres, type Db } from '../../services/core/store/postgres.ts';
import { postgresServer } from '../support/servers.ts';
import { claimStoreContract, partition, update, words, type At } from './claim-store.contract.ts';
import { createClaimModel } from './claim-store.model.ts';

const dayMs = 86_400_000;

claimStoreContract(
  'the model',
  async () => {
    const store = createClaimModel();
    return { copies: [store, store], dispose: async () => undefined };
  },
  200,
);

claimStoreContract(
  'the embedded log',
  async () => {
    const db = new DatabaseSync(':memory:');
    db.exec(CLAIMS_SCHEMA + RUNS_SCHEMA);
    const store = embeddedStore(db);
    return { copies: [store, store], dispose: async () => db.close() };
  },
  200,
);

claimStoreContract(
  'Postgres',
  async () => {
    const databases = await freshDatabase(2);
    const [one, other] = databases.map((db) => createClaimStore(db)) as [
      ReturnType<typeof createClaimStore>,
      ReturnType<typeof createClaimStore>,
    ];
    return {
      copies: [one, other],
      async dispose() {
        await Promise.all([one.close(), other.close()]);
        await Promise.all(databases.map((db) => db.close()));
      },
    };
  },
  40,
);

describe('claims in Postgres', () => {
  let db: Db;

  beforeAll(async () => {
    [db] = (await freshDatabase(1)) as [Db];
  });
  afterAll(() => db.close());

  const storeAt = (time: number) =>
    createClaimStore(db, { now: () => time, retentionEveryMs: 10 * dayMs });

  it('two copies that claim the same thousand ids at once agree on who has which', async () => {
    const [store, second] = [storeAt(Date.now()), storeAt(Date.now())];
    const [left, right] = [partition(), partition()];
    const ids = Array.from({ length: 1000 }, (_, i) => `${left.topic}/${i}`);
    for (let round = 0; round < 5; round += 1) {
      const claims = ids.map((id, offset) => ({
        id: `${id}/${round}`,
        content: 'c',
        offset,
        entity: `${id}/e`,
        payload: Buffer.from(`${round}`),
      }));
      const [a, b] = await Promise.all([
        store.claim(left, claims),
        second.claim(right, claims.toReversed()),
      ]);
      expect(a.map(({ owner }) => owner)).toEqual(b.toReversed().map(({ owner }) => owner));
      expect(a.every(({ history }) => history.length <= round + 1)).toBe(true);
    }
    await Promise.all([store.close(), second.close()]);
  });

  it('a batch takes a few statements, however many claims it has', async () => {
    const store = storeAt(Date.now());
    const at = partition();
    await store.claim(at, [update(at, 'x', 0)]);
    let statements = 0;
    const counting: Db = {
      ...db,
      query: db.query.withPlugin({
        transformQuery: ({ node }) => ((statements += 1), node),
        transformResult: async ({ result }) => result,
      }),
    };
    const counted = createClaimStore(counting, { retentionEveryMs: 10 * dayMs });
    const batch = Array.from({ length: 2000 }, (_, i) => update(at, `${i}`, i + 1));
    await counted.claim(at, batch);
    const fresh = statements;
    await counted.claim(at, batch);
    // Retention's first look adds at most two each of them.
    expect(fresh).toBeLessThan(10);
    expect(statements - fresh).toBeLessThan(10);
    await Promise.all([store.close(), counted.close()]);
  });

  it('keeps no id and no entity as it came', async () => {
    const store = storeAt(Date.now());
    const at = partition();
    await store.claim(at, [
      { ...update(at, 'x', 0), id: 'ada@example.com', entity: 'ticket/ada@example.com' },
    ]);
    const { rows } = await sql<{ text: string }>`
      SELECT c::text || coalesce(u::text, '') AS text
      FROM signpost.claims c LEFT JOIN signpost.entity_updates u USING (id)`.execute(db.query);
    expect(rows.length).toBeGreaterThan(0);
    for (const { text } of rows) expect(text).not.toMatch(/@|ticket/);
    await store.close();
  });

  /** How many rows are from before a time. */
  const left = async (before: number): Promise<{ claims: number; updates: number }> => {
    const { rows } = await sql<{ claims: number; updates: number }>`
      SELECT
        (SELECT count(*) FROM signpost.claims WHERE claimed_on < ${new Date(before)})::int AS claims,
        (SELECT count(*) FROM signpost.entity_updates
          WHERE claimed_at < ${new Date(before)})::int AS updates`.execute(db.query);
    return rows[0]!;
  };

  it('forgets ids after their days and keeps what is younger', async () => {
    const at = partition();
    const start = Date.UTC(2020, 0, 1, 23);
    const old = storeAt(start);
    await old.claim(at, [{ id: `${at.topic}a`, content: 'c', offset: 0 }]);
    await old.close();
    const young = storeAt(start + 2 * dayMs);
    await young.claim(at, [{ id: `${at.topic}b`, content: 'c', offset: 1 }]);
    await young.close();
    const store = storeAt(start + 91 * dayMs);
    await expect.poll(() => left(start + dayMs), { timeout: 10_000 }).toMatchObject({ claims: 0 });
    const outcomes = await store.claim(at, [
      { id: `${at.topic}a`, content: 'c', offset: 5 },
      { id: `${at.topic}b`, content: 'c', offset: 6 },
    ]);
    expect(outcomes.map(({ owner }) => owner.offset)).toEqual([5, 1]);
    await store.close();
  });

  it('forgets what was said of a ticket once its last update is old enough, and all of it', async () => {
    const [at, closed, open] = [partition(), partition(), partition()];
    const start = Date.UTC(2020, 0, 1);
    const early = storeAt(start);
    await early.claim(at, [
      ...['a', 'b', 'c'].map((text, offset) => update(at, text, offset, closed)),
      update(at, 'o1', 3, open),
    ]);
    await early.close();
    const late = storeAt(start + 20 * dayMs);
    await late.claim(at, [update(at, 'o2', 4, open)]);
    await late.close();
    const store = storeAt(start + 30 * dayMs + 1);
    await expect.poll(() => left(start + dayMs), { timeout: 10_000 }).toMatchObject({ updates: 1 });
    // A redelivery so late is kept again, and what comes next sees it.
    const [again] = await store.claim(at, [update(at, 'b', 1, closed)]);
    const next = await store.claim(at, [update(at, 'd', 5, closed), update(at, 'o3', 6, open)]);
    expect([again!, ...next].map(({ history }) => words(history))).toEqual([
      ['b'],
      ['b', 'd'],
      ['o1', 'o2', 'o3'],
    ]);
    await store.close();
  });

  it('forgets more than fits a step, and passes over old updates of tickets still in use', async () => {
    const at = partition();
    const start = Date.UTC(2020, 5, 1);
    const old = storeAt(start);
    const entities = Array.from({ length: 1200 }, () => partition());
    await old.claim(
      at,
      entities.map((entity, i) => update(at, `${i}`, i, entity)),
    );
    await old.close();
    const inUse = entities.slice(0, 600);
    const young = storeAt(start + 29 * dayMs);
    await young.claim(
      at,
      inUse.map((entity, i) => update(at, 'x', 2000 + i, entity)),
    );
    await young.close();
    const store = storeAt(start + 31 * dayMs);
    await expect
      .poll(() => left(start + dayMs), { timeout: 10_000 })
      .toMatchObject({ updates: 600 });
    await store.close();
  });
});

/** Connections, as of several copies, to a database of their own with its tables made. */
async function freshDatabase(copies: number): Promise<Db[]> {
  const { url } = await postgresServer();
  const name = `claims_${randomUUID().replaceAll('-', '')}`;
  const admin = connectPostgres({ url });
  await sql`CREATE DATABASE ${sql.id(name)}`.execute(admin.query);
  await admin.close();
  const own = new URL(url);
  own.pathname = `/${name}`;
  const databases = Array.from({ length: copies }, () => connectPostgres({ url: own.href }));
  await migrate(databases[0]!);
  return databases;
}

/** The embedded log's claims as a store: each call is a batch whose commit follows at once. */
function embeddedStore(db: DatabaseSync): ClaimStore {
  const sources: At[] = [];
  const claims = openClaims(db, {
    now: Date.now,
    claimRetentionMs: dayMs,
    entityRetentionMs: dayMs,
    positionOf: ({ partitionId, offset }) => ({ ...sources[partitionId]!, offset }),
  });
  const undo = { add: () => undefined };
  let calls = 0;
  return {
    async claim(at, asked) {
      let source = sources.findIndex(
        ({ topic, partition: number }) => topic === at.topic && number === at.partition,
      );
      if (source < 0) source = sources.push(at) - 1;
      const packed = packClaims(asked);
      const { outcomes, pending } = claims.look(packed, source);
      claims.write(pending, undo);
      // Every so often the ways by memory and by disk meet.
      calls += 1;
      if (calls % 5 === 0) claims.compact(undo);
      return unpackOutcomes(asked, packed.entityOf, outcomes, at.topic, at.partition);
    },
    close: async () => undefined,
  };
}
