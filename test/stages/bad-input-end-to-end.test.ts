// Bad input the whole way: every kind of flawed line becomes one dead letter with its reason and line, the good lines
// around it become insights, and a file imported again, or with another mapping, or in two parts, adds nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import { drain } from '../../services/cli/drain.ts';
import { openPipeline, type Pipeline } from '../../services/cli/pipeline.ts';
import { readConfig } from '../../services/cli/config.ts';
import { reconcile } from '../../services/cli/reconcile/reconcile.ts';
import { reportImport, type ImportReport } from '../../services/cli/import-report.ts';
import { importFile } from '../../services/gateway/import.ts';
import { parseMapping } from '../../services/gateway/mapping/mapping.ts';
import { postsPublished, recordsRejected, topicsFor } from '../../services/topology.ts';
import { readAll } from '../contracts/log.contract.ts';
import { audit } from '../support/oracle.ts';
import { casesNowMs, cutOffArchive, refusedCases, rowsCases } from './bad-input.cases.ts';

let directory: string;
let pipeline: Pipeline;
let files = 0;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-bad-end-'));
  // The cases are of a day long past: nothing may be forgotten before it is looked at.
  const logOptions = { retentionIntervalMs: 3_600_000 };
  const config = { ...readConfig(undefined), threads: 1 };
  pipeline = await openPipeline(join(directory, 'data'), config, logOptions);
});
afterAll(async () => {
  await pipeline.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Done extends ImportReport {
  readonly letters: readonly RejectedRecord[];
  readonly resumedAt: number;
}

/** The mapping under a source of its own, so that ids of one case are no duplicates of another's. */
const ownSource = (mapping: string): string =>
  mapping.replace(/source: \S+/, `source: case-${files}`);

function place(bytes: Buffer): string {
  files += 1;
  const file = join(directory, `input-${files}`);
  writeFileSync(file, bytes);
  return file;
}

async function take(
  file: string,
  mapping: string,
  {
    signal = new AbortController().signal,
    onProgress = () => {},
  }: { signal?: AbortSignal; onProgress?: () => void } = {},
): Promise<Done> {
  const { log, departments } = pipeline;
  const endsOf = async (): Promise<number[]> =>
    (await log.topics())
      .find(({ name }) => name === recordsRejected.name)!
      .partitions.map(({ end }) => end);
  const before = await endsOf();
  const imported = await importFile({
    log,
    file,
    mapping: parseMapping(mapping, 'test'),
    now: () => casesNowMs,
    signal,
    onProgress,
  });
  await drain(pipeline, signal);
  const report = await reportImport(log, departments, {
    accepted: imported.done,
    began: imported.began,
    source: /source: (\S+)/.exec(mapping)![1]!,
    isResumed: imported.resumedAt > 0,
  });
  await imported.conclude();
  const letters: RejectedRecord[] = [];
  for (const [partition, offset] of before.entries()) {
    const { records } = await log.read(recordsRejected.name, partition, offset, {
      maxRecords: 10_000,
    });
    letters.push(...records.map(({ value }) => recordsRejected.codec.decode(value!)));
  }
  return {
    ...report,
    letters: letters.toSorted((a, b) => a.line! - b.line!),
    resumedAt: imported.resumedAt,
  };
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((a, b) => a + b, 0);
const lines = (...said: string[]): Buffer => Buffer.from(said.map((line) => `${line}\n`).join(''));
const at = '2025-06-01T10:00:00Z';

describe('lines', () => {
  test.each(rowsCases)('$name', async ({ bytes, mapping, good, bad }) => {
    const file = place(bytes);
    const done = await take(file, ownSource(mapping));
    expect(done.letters.map(({ line, reason }) => ({ line, reason }))).toEqual(bad);
    expect(done).toMatchObject({ accepted: good + bad.length, insights: good, dropped: {} });
    for (const letter of done.letters) {
      expect(letter).toMatchObject({
        stage: 'gateway',
        file: `input-${files}`,
        source: `case-${files}`,
        mapping: 'test',
        topic: null,
      });
    }
  });

  test('a gzip cut off gives every record before the cut', async () => {
    const { bytes, mapping, reason, leastGood } = cutOffArchive;
    const file = place(bytes);
    const done = await take(file, ownSource(mapping));
    expect(done.letters.map((letter) => letter.reason)).toEqual([reason]);
    expect(done.insights).toBeGreaterThan(leastGood);
    expect(done.accepted).toBe(done.insights + 1);
  });
});

describe('files', () => {
  test.each(refusedCases)('$name leaves nothing behind', async ({ bytes, mapping, fails }) => {
    const file =
      bytes === 'no such file'
        ? join(directory, 'nowhere')
        : bytes === 'a directory'
          ? directory
          : place(bytes);
    const before = await pipeline.log.topics();
    const taking = Promise.resolve().then(() => take(file, ownSource(mapping)));
    await expect(taking).rejects.toMatchObject({ name: 'SignpostError', code: fails });
    expect(await pipeline.log.topics()).toEqual(before);
  });
});

describe('values that no source may send', () => {
  const cases: readonly {
    name: string;
    mapping: string;
    file: Buffer;
    good: number;
    bad: readonly { line: number; reason: string; detail: RegExp }[];
  }[] = [
    {
      name: 'a score out of its scale',
      mapping:
        'source: x\nkind: surveys\nformat: csv\ntime: { column: at }\nfields: { id: id, scale: scale, score: score }',
      file: lines(
        'id,at,scale,score',
        `a,${at},csat,5`,
        `b,${at},csat,6`,
        `c,${at},nps,7.5`,
        `d,${at},nps,10`,
        `e,${at},ces,-1`,
      ),
      good: 2,
      bad: [
        { line: 3, reason: 'out-of-scale', detail: /^score must be/ },
        { line: 4, reason: 'out-of-scale', detail: /whole number/ },
        { line: 6, reason: 'out-of-scale', detail: /from 1 to 7/ },
      ],
    },
    {
      name: 'a status that the mapping keeps as it is',
      mapping:
        'source: x\nkind: tickets\nformat: csv\ntime: { column: at }\nfields: { id: id, status: { column: status, values: { open: acknowledged }, other: keep } }',
      file: lines('id,at,status', `a,${at},open`, `b,${at},lost`, `c,${at},closed`),
      good: 2,
      bad: [
        {
          line: 3,
          reason: 'unknown-value',
          detail: /^status: is none of acknowledged, .*\(found 4 characters\)$/,
        },
      ],
    },
    {
      name: 'a place off the globe',
      mapping:
        'source: x\nkind: posts\nformat: csv\ntime: { column: at }\nfields: { id: id, text: text, place.lat: lat, place.lon: lon }',
      file: lines(
        'id,at,text,lat,lon',
        `a,${at},hi,-90,180`,
        `b,${at},hi,91,0`,
        `c,${at},hi,0,-181`,
      ),
      good: 1,
      bad: [
        { line: 3, reason: 'out-of-range', detail: /^place\.lat / },
        { line: 4, reason: 'out-of-range', detail: /^place\.lon / },
      ],
    },
    {
      name: 'texts too long',
      mapping:
        'source: x\nkind: posts\nformat: csv\ntime: { column: at }\nfields: { id: id, text: text, channel: channel }',
      file: lines(
        'id,at,text,channel',
        `a,${at},${'x'.repeat(65_536)},c`,
        `b,${at},${'x'.repeat(65_537)},c`,
        `c,${at},hi,${'c'.repeat(501)}`,
        `${'d'.repeat(201)},${at},hi,c`,
      ),
      good: 1,
      bad: [
        { line: 3, reason: 'too-long', detail: /^text / },
        { line: 4, reason: 'too-long', detail: /^channel / },
        { line: 5, reason: 'too-long', detail: /^id / },
      ],
    },
    {
      name: 'records that say nothing',
      mapping:
        'source: x\nkind: tickets\nformat: csv\ntime: { column: at }\nfields: { id: id, description: words, customerId: customer }',
      file: lines('id,at,words,customer', `a,${at},slow,C1`, `b,${at},,C1`, `c,${at},   ,`),
      good: 1,
      bad: [
        { line: 3, reason: 'empty-record', detail: /nothing/ },
        { line: 4, reason: 'empty-record', detail: /nothing/ },
      ],
    },
  ];
  test.each(cases)('$name', async ({ mapping, file, good, bad }) => {
    const placed = place(file);
    const { letters, ...done } = await take(placed, ownSource(mapping));
    expect(letters.map(({ line, reason, detail }) => ({ line, reason, detail }))).toEqual(
      bad.map(({ line, reason, detail }) => ({
        line,
        reason,
        detail: expect.stringMatching(detail),
      })),
    );
    expect(done).toMatchObject({ accepted: good + bad.length, insights: good });
  });
});

const mapping =
  'source: x\nkind: posts\nformat: csv\ntime: { column: at }\nfields: { id: id, text: text }';

test('the same line twice is a duplicate, the same id with other words a conflict with its own dead letter', async () => {
  const file = place(
    lines(
      'id,at,text',
      `a,${at},no signal`,
      `a,${at},no signal`,
      `a,${at},all is well`,
      `b,${at},no signal`,
    ),
  );
  const { letters, ...done } = await take(file, ownSource(mapping));
  expect(done).toMatchObject({
    accepted: 4,
    insights: 2,
    dropped: { duplicate: 1 },
    rejected: { 'id-conflict': 1 },
  });
  expect(letters).toMatchObject([
    { stage: 'normalize', reason: 'id-conflict', topic: 'posts.published.v1', line: 4 },
  ]);
  // What it says must not quote the customer.
  expect(letters[0]!.detail).not.toMatch(/signal|well/);
  expect(file.endsWith(`/${letters[0]!.file}`)).toBe(true);
});

test('lines of two files that begin alike have dead letters of their own, the same whenever they are read', async () => {
  const same = `a,${at},${'x'.repeat(40_000)}\nb,${at},${'y'.repeat(40_000)}\n`;
  const mine = mapping.replace('source: x', 'source: begins-alike');
  const idsOf = async (line: string): Promise<string[]> =>
    (await take(place(Buffer.from(`id,at,text\n${same}${line}\n`)), mine)).letters.map(
      ({ id }) => id,
    );
  const [one, other] = [await idsOf('c,yesterday,one'), await idsOf('c,yesterday,other')];
  expect([one.length, other.length]).toEqual([1, 1]);
  expect(one[0]).toMatch(/^[0-9a-f]{12}-4-[0-9a-f]{8}$/);
  expect(one[0]!.slice(0, -8)).toBe(other[0]!.slice(0, -8));
  expect(one).not.toEqual(other);
  // The file has grown since: another import, the same dead letter.
  expect(await idsOf(`c,yesterday,one\nd,${at},more`)).toEqual(one);
});

describe('what a dead letter says of its line', () => {
  const secret = 'my mail is jane@mail.example';
  const fields = 'id: id, text: text';
  test.each([
    ['invalid-time', 'time: { column: at }', fields, `a,${secret},hi,0,x`],
    ['time-without-zone', 'time: { column: at }', fields, 'a,2025-06-01T10:00:00,hi,0,x'],
    ['implausible-time', 'time: { column: at }', fields, 'a,1812-06-01T10:00:00Z,hi,0,x'],
    ['not-a-number', 'time: { column: at }', `${fields}, place.lat: lat`, `a,${at},hi,${secret},x`],
    [
      'unknown-value',
      'time: { column: at }',
      `${fields}, channel: { column: how, values: { y: web } }`,
      `a,${at},hi,0,${secret}`,
    ],
    [
      'unknown-zone',
      'time: { column: at, zone: { column: how, values: { mad: Europe/Madrid } } }',
      fields,
      `a,2025-06-01T10:00:00,hi,0,${secret}`,
    ],
  ])('%s quotes none of it', async (reason, time, named, line) => {
    const mine = `source: says-nothing\nkind: posts\nformat: csv\n${time}\nfields: { ${named} }`;
    const { letters } = await take(place(lines('id,at,text,lat,how', line)), mine);
    expect(letters).toMatchObject([
      { reason, detail: expect.stringMatching(/found \d+ characters/) },
    ]);
    const [{ detail, payload }] = letters as [RejectedRecord];
    for (const cell of line.split(',').filter((each) => each.length > 3)) {
      expect(detail).not.toContain(cell);
      expect(Buffer.from(payload).toString()).toContain(cell);
    }
  });
});

describe('a file imported again', () => {
  const content = lines(
    'id,at,text',
    `a,${at},no signal`,
    `b,yesterday,x`,
    `c,${at},the bill is wrong`,
    `d,${at}`,
  );

  test('adds nothing: every line of it is a duplicate, the bad ones too', async () => {
    const file = place(content);
    const mine = ownSource(mapping);
    expect(await take(file, mine)).toMatchObject({
      accepted: 4,
      insights: 2,
      rejected: { 'invalid-time': 1, 'column-count': 1 },
    });
    for (let time = 2; time <= 3; time += 1) {
      const again = await take(file, mine);
      expect(again).toMatchObject({
        accepted: 4,
        insights: 0,
        dropped: { duplicate: 4 },
        rejected: {},
        letters: [],
        resumedAt: 0,
      });
      expect(total(again.perDepartment)).toBe(0);
    }
  });

  test('packed is the same records, its bad lines new ones of another file', async () => {
    const mine = ownSource(mapping);
    await take(place(content), mine);
    const packed = await take(place(gzipSync(content)), mine);
    expect(packed).toMatchObject({ accepted: 4, insights: 0, dropped: { duplicate: 2 } });
    expect(packed.letters.length).toBe(2);
  });

  test('with a mended mapping takes in what was refused, and nothing else', async () => {
    const file = place(
      lines('id,at,text', `a,${at},no signal`, 'b,2025-06-01T10:00:00,slow', `c,${at},wrong bill`),
    );
    const mine = ownSource(mapping);
    const first = await take(file, mine);
    expect(first).toMatchObject({ insights: 2, rejected: { 'time-without-zone': 1 } });
    const mended = await take(
      file,
      mine.replace('{ column: at }', '{ column: at, zone: Europe/Madrid }'),
    );
    expect(mended).toMatchObject({
      accepted: 3,
      insights: 1,
      dropped: { duplicate: 2 },
      rejected: {},
    });
  });
});

test('an import that was cut off goes on exactly where it stopped', async () => {
  const rows = Array.from({ length: 9000 }, (_, i) =>
    i % 1000 === 5 ? `r${i},never,x` : `r${i},${at},no signal ${i}`,
  );
  const file = place(lines('id,at,text', ...rows));
  const mine = ownSource(mapping);
  const stop = new AbortController();
  await expect(
    take(file, mine, { signal: stop.signal, onProgress: () => stop.abort() }),
  ).rejects.toMatchObject({ name: 'AbortError' });
  const done = await take(file, mine);
  expect(done.resumedAt).toBeGreaterThan(0);
  expect(done.resumedAt).toBeLessThan(9000);
  expect(done).toMatchObject({
    accepted: 9000,
    insights: 8991,
    dropped: {},
    rejected: { 'invalid-time': 9 },
  });
});

test('the report of a resumed import leaves out others in between, or says that it cannot', async () => {
  const mine = mapping.replace('source: x', 'source: cut-off');
  const cutOff = async (prefix: string): Promise<string> => {
    const rows = Array.from({ length: 3000 }, (_, i) => `${prefix}${i},${at},no signal ${i}`);
    const file = place(lines('id,at,text', ...rows, `${prefix}x,never,x`));
    const stop = new AbortController();
    const cut = take(file, mine, { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(cut).rejects.toMatchObject({ name: 'AbortError' });
    return file;
  };
  const between = lines('id,at,text', `m,${at},the bill is wrong`, 'n,never,x');
  const whole = { accepted: 3001, insights: 3000, dropped: {}, rejected: { 'invalid-time': 1 } };

  const first = await cutOff('r');
  await take(place(between), mapping.replace('source: x', 'source: between'));
  const done = await take(first, mine);
  expect(done.resumedAt).toBeGreaterThan(0);
  expect(done).toMatchObject(whole);
  expect(done.mixed).toBeUndefined();

  const second = await cutOff('s');
  await take(place(between), mine);
  expect(await take(second, mine)).toMatchObject({ insights: 3001, mixed: true });
});

test('a disk that fills up is told, and the import goes on exactly there once there is room', async () => {
  const rows = Array.from(
    { length: 12_000 },
    (_, i) => `r${i},${at},no signal ${'x'.repeat(300)} ${i}`,
  );
  const file = place(lines('id,at,text', ...rows));
  const full = join(directory, 'full');
  const importInto = async (maxFileBytes: number) => {
    const log = await openEmbeddedLog({ directory: full, maxFileBytes });
    try {
      await log.ensureTopics(topicsFor([]));
      const signal = new AbortController().signal;
      return await importFile({
        log,
        file,
        mapping: parseMapping(mapping, 'test'),
        now: () => casesNowMs,
        signal,
      });
    } finally {
      await log.close();
    }
  };
  await expect(importInto(1_500_000)).rejects.toMatchObject({ code: 'disk-full' });
  const { done, resumedAt } = await importInto(100_000_000);
  expect(done).toBe(12_000);
  expect(resumedAt).toBeGreaterThan(0);
  const reader = await openEmbeddedLogReader({ directory: full });
  const ids = (await readAll(reader, postsPublished.name)).map(({ headers }) => headers['ce_id']);
  await reader.close();
  expect([ids.length, new Set(ids).size]).toEqual([12_000, 12_000]);
});

test('after all of it the books balance, by the command and by an oracle of its own', async () => {
  await drain(pipeline, new AbortController().signal);
  const result = await reconcile(pipeline.log);
  expect(result).toMatchObject({
    balanced: true,
    duplicates: 0,
    missing: 0,
    doubled: 0,
    unexplained: 0,
  });
  const books = await audit(pipeline.log);
  const accepted = Object.values(result.sources).reduce((sum, each) => sum + each.accepted, 0);
  expect(books.accepted.size + books.refusedLines.length + books.repeatedLines).toBe(accepted);
});
