// What keeps the planners' store in order: words are forgotten in time, the gazetteer is there whole, on either database.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import type { Db } from '#core/store/postgres.ts';
import { createProjectionStore } from '#core/store/projection-store.ts';
import { startForgettingWords } from '../../services/aggregate/forget-words.ts';
import { storeGazetteer, type GazetteerLine } from '../../services/aggregate/gazetteer-rows.ts';
import { freshDatabases } from '../support/fresh-database.ts';

const now = Date.UTC(2026, 5, 30);
const dayMs = 86_400_000;

describe.each(freshDatabases)('on %s', (_, open) => {
  let db: Db;
  beforeAll(async () => {
    db = await open();
  }, 60_000);
  afterAll(() => db.close());

  describe('words', () => {
    const wordsLeft = async (): Promise<string[]> =>
      (await db.query.selectFrom('signpost.words').select('text').execute()).map(
        ({ text }) => text,
      );
    beforeEach(async () => {
      await sql`DELETE FROM signpost.words`.execute(db.query);
      for (const [text, days] of [['new', 6.9], ['old', 7.1], ...manyOld()] as const) {
        await db.query
          .insertInto('signpost.words')
          .values({
            entity: randomUUID(),
            received_at: new Date(now - days * dayMs),
            departments: '1',
            text,
            language: null,
            relevances: '[]',
          })
          .execute();
      }
    });
    const manyOld = (): (readonly [string, number])[] =>
      Array.from({ length: 20 }, (_each, index) => ['old', 8 + index] as const);

    it('are forgotten once they are older than wished, and no others', async () => {
      const forgetting = startForgettingWords(db, { now: () => now, wordsDays: 7 });
      await expect.poll(wordsLeft, { timeout: 10_000 }).toEqual(['new']);
      await forgetting.stop();
    });

    it('are looked for again and again until stopped', async () => {
      let days = 0;
      const forgetting = startForgettingWords(db, {
        now: () => now + days * dayMs,
        wordsDays: 7,
        everyMs: 20,
      });
      await expect.poll(wordsLeft, { timeout: 10_000 }).toEqual(['new']);
      days = 1;
      await expect.poll(wordsLeft, { timeout: 10_000 }).toEqual([]);
      await forgetting.stop();
    });
  });

  describe('the gazetteer', () => {
    const line = (area: string, more: Partial<GazetteerLine> = {}): GazetteerLine => ({
      country: 'US',
      region: null,
      city: null,
      area,
      postcode: null,
      lat: null,
      lon: null,
      subscribers: null,
      technology: null,
      ...more,
    });
    const stored = () =>
      db.query
        .selectFrom('signpost.gazetteer')
        .select(['row', 'area', 'subscribers', 'lat'])
        .orderBy('row')
        .execute();

    it('is replaced when it is another one, and left alone when it is the same', async () => {
      expect(await storeGazetteer(db, [line('old')], 'one', () => now)).toBe(true);
      const lines = [line('"; --', { subscribers: 12.5, lat: -0.25 }), line('same'), line('same')];
      expect(await storeGazetteer(db, lines, 'two', () => now)).toBe(true);
      expect(await storeGazetteer(db, [line('not read')], 'two', () => now)).toBe(false);
      expect(await stored()).toEqual([
        { row: 0, area: '"; --', subscribers: 12.5, lat: -0.25 },
        { row: 1, area: 'same', subscribers: null, lat: null },
        { row: 2, area: 'same', subscribers: null, lat: null },
      ]);
    });

    it('is stored once by copies that start together, and may be empty or long', async () => {
      const long = Array.from({ length: 12_000 }, (_each, index) => line(`area ${index}`));
      const made = await Promise.all([1, 2, 3].map(() => storeGazetteer(db, long, 'long')));
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await stored()).toHaveLength(12_000);
      await storeGazetteer(db, [], 'empty');
      expect(await stored()).toEqual([]);
    });
  });

  describe('a projection', () => {
    const at = { stage: 'counting', topic: 'in', partition: 3 };

    it('goes on behind the last batch whose rows stand', async () => {
      const store = createProjectionStore(db);
      const first = await store.acquire(at.stage, at.topic, at.partition);
      expect(first.offset).toBeUndefined();
      await store.commit({ ...at, epoch: first.epoch, nextOffset: 2 ** 40 }, () =>
        Promise.resolve(),
      );
      const failing = store.commit({ ...at, epoch: first.epoch, nextOffset: 2 ** 41 }, () =>
        Promise.reject(new Error('no rows')),
      );
      await expect(failing).rejects.toThrow('no rows');
      const second = await store.acquire(at.stage, at.topic, at.partition);
      expect(second).toEqual({ offset: 2 ** 40, epoch: first.epoch + 1 });
    });

    it('that was taken over while it writes is either done before or writes nothing', async () => {
      const store = createProjectionStore(db);
      const { epoch } = await store.acquire(at.stage, at.topic, at.partition);
      let wrote!: () => void;
      const writing = new Promise<void>((resolve) => (wrote = resolve));
      const commit = store.commit({ ...at, epoch, nextOffset: 2 ** 42 }, async () => {
        wrote();
        await pause(100);
      });
      await writing;
      const next = await store.acquire(at.stage, at.topic, at.partition);
      await commit;
      expect(next.offset).toBe(2 ** 42);
      const late = store.commit({ ...at, epoch, nextOffset: 2 ** 43 }, () => Promise.resolve());
      await expect(late).rejects.toMatchObject({ code: 'fenced' });
    });
  });

  it('answers what it cannot do in the same words', async () => {
    const missing = sql`SELECT 1 FROM signpost.nothing_of_the_kind`.execute(db.query);
    await expect(missing).rejects.toBeInstanceOf(SignpostError);
    await expect(missing).rejects.toMatchObject({ code: 'store-outdated' });
  });
});
