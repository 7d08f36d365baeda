// Claims on a server that dies, hangs or says no: what was answered stays answered, and what fails says why.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type Postgres } from '../../scripts/services/postgres.ts';
import type { ClaimStore } from '../../services/core/log/kafka/claim-store.ts';
import type { Claim, ClaimOutcome } from '../../services/core/log/port.ts';
import type { Logger } from '../../services/core/logger.ts';
import { createClaimStore } from '../../services/core/store/claim-store.ts';
import { migrate } from '../../services/core/store/migrate.ts';
import {
  connectPostgres,
  type Db,
  type PostgresOptions,
} from '../../services/core/store/postgres.ts';
import { partition, update, words, type At } from './claim-store.contract.ts';

const patient = { timeout: 10_000 };

describe('claims on a server that fails', () => {
  let directory: string;
  let server: Postgres;
  const opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'signpost-claims-'));
    // The server runs as a user of its own when we are root.
    chmodSync(directory, 0o755);
    server = await startPostgres({ dir: directory });
    const db = connectPostgres({ url: server.url });
    await migrate(db);
    await db.close();
  });
  afterEach(async () => {
    if (server.node.state === 'stopped') await server.start();
    for (const each of opened.splice(0).toReversed()) await each.close();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  function connect(options: Partial<PostgresOptions> = {}): Db {
    const db = connectPostgres({ url: server.url, connectTimeoutMs: 2000, ...options });
    opened.push(db);
    return db;
  }
  function openStore(db = connect()): ClaimStore {
    const store = createClaimStore(db);
    opened.push(store);
    return store;
  }

  it('killed again and again under load, it keeps every answer it gave', async () => {
    const stores = [openStore(), openStore()];
    const given: { at: At; batch: Claim[]; outcomes: readonly ClaimOutcome[] }[] = [];
    const shared = partition();
    const failures = new Set<string>();
    const stopped = new AbortController();
    const lanes = Array.from({ length: 4 }, async (_, lane) => {
      const at = { topic: shared.topic, partition: lane };
      for (let offset = 0; !stopped.signal.aborted; offset += 50) {
        // Every other id and every entity is claimed by another lane too.
        const batch = Array.from({ length: 50 }, (__, i) => ({
          ...update(at, `${i % 2 === 0 ? lane : 'any'}/${offset + i}`, offset + i),
          entity: `${shared.topic}/${(offset + i) % 97}`,
        }));
        const claim = async (): Promise<readonly ClaimOutcome[] | null> => {
          try {
            return await stores[lane % 2]!.claim(at, batch);
          } catch (error) {
            const { code } = error as { code: string };
            if (code !== 'store-unavailable') throw error;
            failures.add(code);
            return null;
          }
        };
        let outcomes = await claim();
        while (outcomes === null) {
          await delay(20);
          outcomes = await claim();
        }
        given.push({ at, batch, outcomes });
      }
    });
    for (let kill = 0; kill < 3; kill += 1) {
      await delay(400);
      await server.node.kill();
      await server.start();
    }
    await delay(200);
    // On a busy machine less is answered in that time.
    const enough = AbortSignal.timeout(10_000);
    while (given.length <= 20 && !enough.aborted) await delay(20);
    stopped.abort();
    await Promise.all(lanes);
    expect(failures).toEqual(new Set(['store-unavailable']));
    expect(given.length).toBeGreaterThan(20);
    const later = openStore();
    for (const { at, batch, outcomes } of given) {
      const again = await later.claim(at, batch);
      expect(again.map(({ owner }) => owner)).toEqual(outcomes.map(({ owner }) => owner));
      // A duplicate's history is no part of the promise.
      const own = batch.flatMap(({ offset }, i) => {
        const { owner } = outcomes[i]!;
        return owner.partition === at.partition && owner.offset === offset ? [i] : [];
      });
      expect(own.map((i) => words(again[i]!.history))).toEqual(
        own.map((i) => words(outcomes[i]!.history)),
      );
    }
  });

  it('away, it is unavailable; back, the same store goes on', async () => {
    const store = openStore();
    const at = partition();
    const [first] = await store.claim(at, [update(at, '1', 0)]);
    await server.node.kill();
    await expect(store.claim(at, [update(at, '2', 1)])).rejects.toMatchObject({
      code: 'store-unavailable',
    });
    await server.start();
    const [again, second] = await store.claim(at, [update(at, '1', 0), update(at, '2', 1)]);
    expect(again).toEqual(first);
    expect(words(second?.history)).toEqual(['1', '2']);
  });

  it('hanging, it is unavailable after the time given, and its connections are not used again', async () => {
    const store = openStore(connect({ statementTimeoutMs: 1500 }));
    const at = partition();
    await store.claim(at, [update(at, '1', 0)]);
    await server.node.pause();
    const error: unknown = await store.claim(at, [update(at, '2', 1)]).catch((e: unknown) => e);
    await server.node.resume();
    expect(error).toMatchObject({ code: 'store-unavailable' });
    const [second] = await store.claim(at, [update(at, '2', 1)]);
    expect(words(second?.history)).toEqual(['1', '2']);
  });

  it('ending its idle connections ends no process and no claim', async () => {
    const warnings: string[] = [];
    const logger = { warn: (_: object, message: string) => warnings.push(message) };
    const store = openStore(connect({ logger: logger as unknown as Logger }));
    const at = partition();
    await store.claim(at, [update(at, '1', 0)]);
    await sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`.execute(connect().query);
    await expect.poll(() => warnings.length, patient).toBeGreaterThan(0);
    // One asked over a connection that is ending says so; the next gets a new one.
    const ask = async (): Promise<string[]> => {
      const [second] = await store.claim(at, [update(at, '2', 1)]);
      return words(second?.history);
    };
    await expect.poll(() => ask().catch(() => []), patient).toEqual(['1', '2']);
  });

  it('a claim that was answered is on disk, whatever the database has as its default', async () => {
    const admin = connect();
    await sql`ALTER DATABASE postgres SET synchronous_commit = off`.execute(admin.query);
    const { rows } = await sql<{ synchronous_commit: string }>`
      SHOW synchronous_commit`.execute(connect().query);
    await sql`ALTER DATABASE postgres RESET synchronous_commit`.execute(admin.query);
    expect(rows).toEqual([{ synchronous_commit: 'on' }]);
  });

  it('refusing the password, it is refused, and the password is told to nobody', async () => {
    const secret = randomBytes(12).toString('hex');
    const url = new URL(server.url);
    url.password = secret;
    const lines: unknown[] = [];
    const logger = { warn: (...line: unknown[]) => lines.push(line) } as unknown as Logger;
    const db = connect({ url: url.href, logger });
    const store = createClaimStore(db, { logger });
    opened.push(store);
    const at = partition();
    const error: unknown = await store.claim(at, [update(at, '1', 0)]).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'store-refused' });
    await expect.poll(() => lines.length, patient).toBeGreaterThan(0);
    const told = inspect([error, lines, db], { depth: 20, showHidden: false });
    expect(told).not.toContain(secret);
    expect((error as Error).message).toContain('127.0.0.1');
  });

  it('without its tables it says so', async () => {
    const admin = connect();
    await sql`CREATE DATABASE bare`.execute(admin.query);
    const url = new URL(server.url);
    url.pathname = '/bare';
    const at = partition();
    await expect(
      openStore(connect({ url: url.href })).claim(at, [update(at, '1', 0)]),
    ).rejects.toMatchObject({ code: 'store-outdated' });
  });
});

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
