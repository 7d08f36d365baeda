// Persons are erased from the archive's files: theirs are written anew without words, nobody else's row changes, and who
// reads by manifests sees every row once at every moment.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Alert } from '#schemas/alert.ts';
import { createTally } from '../../services/archive/covers.ts';
import {
  alerts,
  datasets,
  insights,
  judgements,
  rejected,
  revisions,
  signals,
  type Dataset,
} from '../../services/archive/datasets.ts';
import { createEraseMemory, eraseFiles } from '../../services/archive/erase-files.ts';
import { createErased, newErasure, type Erasure } from '../../services/archive/erasures.ts';
import { chunkFileKey, dataPrefix, dayOf, madeFileKey } from '../../services/archive/layout.ts';
import { changeManifest, readManifest } from '../../services/archive/manifest.ts';
import { parquetFiles } from '../../services/archive/parquet-files.ts';
import { readFileRows } from '../../services/archive/read-file.ts';
import type { ArchivedRow } from '../../services/archive/row.ts';
import { createMemoryObjects, type MemoryObjects } from '../support/memory-objects.ts';
import { insightOf, signalOf } from '../support/planner-records.ts';

const start = Date.UTC(2026, 10, 20, 9);
const now = Date.UTC(2026, 10, 29);
const canary = 'kanarienvogel';
const person = 'k1:AAAAAAAAAAAAAAAAAAAAAA';
const other = 'k1:BBBBBBBBBBBBBBBBBBBBBB';
const dayMs = 86_400_000;
const erasure = newErasure([person], { now, deadlineMs: 30 * dayMs });
const graceMs = 3_600_000;

const signal = (customer: string | null, sourceId: string, text: string, told: object = {}) =>
  signalOf({
    id: `${sourceId}/${String(customer)}`,
    sourceId,
    customer,
    text,
    occurredAt: start,
    receivedAt: start,
    ...told,
  });

let offset = 0;
/** Puts a chunk of records into the archive. */
async function fill<T>(
  objects: MemoryObjects,
  dataset: Dataset<T>,
  records: readonly T[],
): Promise<void> {
  const topic = dataset.topic.name;
  for (const [day, some] of Map.groupBy(records, (record) => dayOf(dataset.eventTime(record)))) {
    const from = offset;
    const rows = some.map((record): ArchivedRow<T> => ({
      partition: 0,
      offset: offset++,
      timestamp: start,
      origin: null,
      traceparent: null,
      replayOf: null,
      erasedAt: null,
      record,
    }));
    const range = { topic, partition: 0, from, to: offset };
    const growing = parquetFiles.begin(dataset);
    const tally = createTally(dataset, [range]);
    for (const row of rows) {
      growing.add(row);
      tally.add(row);
    }
    const bytes = growing.finish();
    const key = chunkFileKey(dataset, day, range);
    await objects.put(key, bytes);
    const file = {
      key,
      rows: rows.length,
      bytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      covers: [...tally.covers()],
    };
    await changeManifest(objects, dataset, day, (manifest) => ({
      ...manifest,
      files: [...manifest.files, file],
    }));
  }
}

async function rowsOf<T>(objects: MemoryObjects, dataset: Dataset<T>): Promise<ArchivedRow<T>[]> {
  const rows: ArchivedRow<T>[] = [];
  for (const key of objects.keys(`${dataPrefix(dataset)}_manifest/`)) {
    const day = /day=(.*)\.json/.exec(key)![1]!;
    for (const file of (await readManifest(objects, dataset, day)).manifest.files)
      for await (const some of readFileRows(
        { store: objects, format: parquetFiles },
        dataset,
        file,
      ))
        rows.push(...some);
  }
  return rows.toSorted((a, b) => a.offset - b.offset);
}

const parts = (objects: MemoryObjects, erasures: readonly Erasure[] = [erasure], at = now) => ({
  store: objects,
  format: parquetFiles,
  erased: createErased(erasures),
  now: () => at,
  graceMs,
  mode: 'erase' as const,
});

async function archive(): Promise<MemoryObjects> {
  const objects = createMemoryObjects();
  const words = (text: string) => [
    {
      department: 'operations',
      relevance: 0.9,
      rest: 0,
      evidence: [{ kind: 'words' as const, text, start: 0, end: 3, weight: 1 }],
    },
  ];
  const said = [
    signal(person, 'T-1', `${canary} one`),
    signal(other, 'T-2', 'sparrow two'),
    signal(null, 'T-1', `${canary} before it was known whose`),
    signal(null, 'T-3', 'sparrow of nobody'),
    signal(person, 'P-1', `${canary} post`, {
      kind: 'post',
      ticket: null,
      occurredAt: start + 3 * dayMs,
    }),
    signal(person, 'P-2', 'said afterwards', { kind: 'post', ticket: null, receivedAt: now + 1 }),
  ];
  await fill(objects, signals, said);
  await fill(
    objects,
    insights,
    said.map((one) => insightOf(one, { theme: 'outage', departments: words(one.text!) })),
  );
  await fill(objects, revisions, [insightOf(said[0]!, { departments: words(canary) })]);
  await fill(objects, judgements, [
    judgement(said[0]!.id, `I think ${canary} is a bird`),
    judgement(said[1]!.id, 'a sparrow'),
    judgement(said[4]!.id, null),
  ]);
  return objects;
}

function judgement(insightId: string, comment: string | null) {
  return {
    id: `j ${insightId}`,
    insightId,
    department: 'operations',
    verdict: 'wrong' as const,
    theme: null,
    comment,
    judgedBy: 'somebody',
    judgedAt: start,
    model: 'm1',
  };
}

/** Whether any object holds these words: of Parquet what its rows say, for they are compressed. */
async function holds(objects: MemoryObjects, text: string): Promise<boolean> {
  for (const dataset of datasets)
    for (const key of objects.keys(`${dataPrefix(dataset)}day=`))
      for await (const rows of parquetFiles.read(dataset, objects.read(key)))
        if (JSON.stringify(rows).includes(text)) return true;
  return objects
    .keys()
    .filter((key) => !key.endsWith('.parquet'))
    .some((key) => Buffer.from(objects.read(key)).includes(text));
}

describe('an erased person', () => {
  it('has no words left in any file that counts, and everybody else has every row as it was', async () => {
    const objects = await archive();
    const before = await rowsOf(objects, insights);
    const { rows, own } = await eraseFiles(parts(objects));
    expect(rows.get(erasure.id)).toEqual({ signals: 3, insights: 3, revisions: 1, judgements: 1 });
    expect([...own.tickets.values()]).toMatchObject([{ source: 'desk', sourceId: 'T-1' }]);
    const after = await rowsOf(objects, insights);
    expect(after.map((row) => row.offset)).toEqual(before.map((row) => row.offset));
    const isErased = (at: number): boolean => [0, 2, 5].includes(at);
    expect(after.filter((_, at) => !isErased(at))).toEqual(before.filter((_, at) => !isErased(at)));
    const left = {
      erasedAt: now,
      record: { theme: 'outage', departments: [{ evidence: [] }], signal: { text: null } },
    };
    expect(after.filter((_, at) => isErased(at))).toMatchObject([left, left, left]);
    const customers = after.map(({ record }) => record.signal.customer);
    const { token } = erasure.subjects[0]!;
    expect(customers).toEqual([token, other, null, null, person, token]);
    expect((await rowsOf(objects, judgements)).map(({ record }) => record.comment)).toEqual([
      null,
      'a sparrow',
      null,
    ]);
    const manifests = await readManifest(objects, insights, dayOf(start));
    expect(
      manifests.manifest.files.flatMap(({ covers }) => covers.map(({ erased }) => erased)),
    ).toEqual([2]);
  });

  it('done again it finds nothing; what counted before is deleted after the grace time', async () => {
    const objects = await archive();
    expect((await eraseFiles(parts(objects))).isGoing).toBe(true);
    const again = await eraseFiles(parts(objects));
    expect(again.rows.size).toBe(0);
    // To be known where the rest of it lies, though it bears another name by now.
    expect(again.own.tickets.size).toBe(1);
    expect(await holds(objects, canary)).toBe(true);
    const later = await eraseFiles(parts(objects, [erasure], now + graceMs));
    expect(later).toMatchObject({ isGoing: false });
    expect(await holds(objects, canary)).toBe(false);
    expect(await holds(objects, person)).toBe(true);
    expect(await holds(objects, 'sparrow of nobody')).toBe(true);
  });

  it('is gone by the deadline though the grace time is longer', async () => {
    const objects = await archive();
    await eraseFiles(parts(objects));
    const at = erasure.deadlineAt;
    await eraseFiles({ ...parts(objects, [erasure], at), graceMs: 365 * dayMs });
    expect(await holds(objects, canary)).toBe(false);
  });

  it('is gone by the deadline from files that no manifest names, too', async () => {
    const objects = createMemoryObjects({ now: () => now - 1 });
    await fill(objects, insights, [insightOf(signal(person, 'T-1', 'one'))]);
    // As who was cut off before the manifest named it has left it, and one whose process goes on with it.
    const day = dayOf(start);
    const orphan = madeFileKey(insights, day, 'f'.repeat(64));
    const range = { topic: insights.topic.name, partition: 1, from: 0, to: 9 };
    const begun = chunkFileKey(insights, day, range);
    for (const key of [orphan, begun]) await objects.put(key, Buffer.from(canary));
    await eraseFiles(parts(objects));
    expect(objects.keys('')).toContain(orphan);
    const last = await eraseFiles(parts(objects, [erasure], erasure.deadlineAt));
    expect(last.isGoing).toBe(false);
    expect(objects.keys('')).not.toContain(orphan);
    expect(objects.keys('')).toContain(begun);
  });

  it('is only counted when it is looked for', async () => {
    const objects = await archive();
    const keys = objects.keys();
    const puts = objects.calls.length;
    const { rows } = await eraseFiles({ ...parts(objects), mode: 'look' });
    expect(rows.get(erasure.id)).toMatchObject({ signals: 3, insights: 3 });
    expect(objects.keys()).toEqual(keys);
    expect(
      objects.calls.slice(puts).every(({ operation }) => !['put', 'delete'].includes(operation)),
    ).toBe(true);
  });

  it('whose words a stage writes that has not heard of it is found by the next pass, which reads new files alone', async () => {
    const objects = await archive();
    const memory = createEraseMemory();
    await eraseFiles({ ...parts(objects), memory });
    await fill(objects, signals, [
      signal(person, 'P-9', `${canary} late`),
      signal(null, 'T-1', `${canary} of the ticket`),
    ]);
    await eraseFiles({ ...parts(objects), memory });
    // Reads once more what it made.
    await eraseFiles({ ...parts(objects), memory });
    const before = objects.calls.length;
    const { rows } = await eraseFiles({ ...parts(objects), memory });
    expect(rows.size).toBe(0);
    const read = objects.calls.slice(before).filter(({ operation }) => operation === 'range');
    expect(read).toEqual([]);
    expect(JSON.stringify(await rowsOf(objects, signals))).not.toContain(canary);
  });

  it('is erased whatever ended the pass at any of its calls', async () => {
    const calls = async (): Promise<number> => {
      const objects = await archive();
      const before = objects.calls.length;
      await eraseFiles(parts(objects));
      return objects.calls.length - before;
    };
    const all = await calls();
    for (let crashAt = 1; crashAt <= all; crashAt += 3) {
      const objects = await archive();
      const process = objects.another();
      let call = 0;
      process.after(() => {
        call += 1;
        if (call >= crashAt) throw new Error('killed');
      });
      await expect(eraseFiles(parts(process))).rejects.toThrow(/killed|whole file/);
      await Promise.all([eraseFiles(parts(objects)), eraseFiles(parts(objects.another()))]);
      await eraseFiles(parts(objects, [erasure], erasure.deadlineAt));
      const left = await rowsOf(objects, insights);
      expect(left.length).toBe(6);
      expect(await rowsOf(objects, signals)).toHaveLength(6);
      expect(JSON.stringify([left, await rowsOf(objects, judgements)])).not.toContain(canary);
      // What a killed one wrote and never named is without words; the keeper clears it away.
      expect(await holds(objects, canary)).toBe(false);
    }
  }, 120_000);
});

describe('dead letters', () => {
  const letter = (id: string, payload: string) => ({
    id,
    source: 'desk',
    stage: 'normalize',
    reason: 'unreadable',
    detail: `cannot read ${payload}`,
    topic: 'tickets.reported.v1',
    partition: 0,
    offset: 1,
    file: null,
    line: null,
    mapping: null,
    key: payload,
    headers: { said: payload },
    payload: Buffer.from(payload),
    payloadCut: false,
    rejectedAt: start,
  });

  it('of the person keep that they were rejected, and nothing of what was said; without a judge of them they stay', async () => {
    const objects = createMemoryObjects();
    await fill(objects, rejected, [letter('1', canary), letter('2', 'sparrow')]);
    expect((await eraseFiles(parts(objects))).rows.size).toBe(0);
    await eraseFiles({
      ...parts(objects),
      letterTaken: ({ payload }) =>
        Buffer.from(payload).includes(canary) ? { erasure, token: null } : undefined,
    });
    const [first, second] = await rowsOf(objects, rejected);
    expect(first).toMatchObject({
      erasedAt: now,
      record: { id: '1', reason: 'unreadable', detail: '', key: null, headers: {}, offset: 1 },
    });
    expect(first!.record.payload.length).toBe(0);
    expect(Buffer.from(second!.record.payload).toString()).toBe('sparrow');
  });
});

describe('words of alerts', () => {
  const alert = (words: readonly string[]): Alert =>
    ({
      ...alertBase,
      at: start + 3_600_000,
      startedAt: start - 60_000,
      words,
    }) as Alert;
  const alertBase = {
    id: 'a',
    incidentId: 'i',
    state: 'firing',
    detectedAt: start,
    resolvedAt: null,
    placeLevel: 'area',
    place: 'North',
    themes: ['outage'],
    product: null,
    customers: 4,
    expectedCustomers: 0,
    estimatedAffected: null,
    estimatedAffectedLow: null,
    estimatedAffectedHigh: null,
    departments: [],
    insightIds: [],
    summary: '4 customers',
    placePath: {},
    reason: 'began',
    userMinutes: null,
    userMinutesLow: null,
    userMinutesHigh: null,
    sources: [],
    heldBy: [],
    mergedInto: null,
    planned: [],
    acknowledgedBy: null,
    pValue: null,
    budgetPerWeek: null,
  };

  it('go where fewer than three others used them, and stay where three did', async () => {
    const objects = createMemoryObjects();
    const users = [person, other, 'k1:c', 'k1:d'];
    await fill(
      objects,
      insights,
      users.map((user, n) =>
        insightOf(
          signal(user, `T-${n}`, n === 3 ? 'Dark here' : `zebra's ${n > 0 ? 'dark' : 'DARK'}`),
        ),
      ),
    );
    await fill(objects, alerts, [alert(['zebra', 'dark']), alert(['dark'])]);
    const { rows } = await eraseFiles(parts(objects));
    expect(rows.get(erasure.id)).toEqual({ insights: 1, alerts: 1 });
    const told = await rowsOf(objects, alerts);
    expect(told.map(({ record, erasedAt }) => [record.words, erasedAt])).toEqual([
      [['dark'], now],
      [['dark'], null],
    ]);
  });
});
