// Every kind of bad import input gets its own reason and line, and the good records around it come through.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importReasons, maxRawBytes } from '../../services/gateway/files/import-reason.ts';
import { readMapped } from '../../services/gateway/files/rows.ts';
import { refusedLine, retryLine } from '../../services/gateway/refused-line.ts';
import { postsPublished, recordsRejected } from '../../services/topology.ts';
import type { ReadResult } from '../../services/gateway/mapping/apply.ts';
import { parseMapping } from '../../services/gateway/mapping/mapping.ts';
import { cutOffArchive, casesNowMs, refusedCases, rowsCases } from './bad-input.cases.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signpost-bad-input-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function placed(bytes: Buffer | 'no such file' | 'a directory'): Promise<string> {
  if (bytes === 'a directory') return directory;
  const file = join(directory, 'input');
  if (bytes === 'no such file') return join(directory, 'nowhere.csv');
  await writeFile(file, bytes);
  return file;
}

/** Collects into `results`, so that what came before an error is seen too. */
async function read(
  file: string,
  mapping: string,
  results: ReadResult[] = [],
): Promise<ReadResult[]> {
  const batches = readMapped(file, parseMapping(mapping, 'test'), { nowMs: () => casesNowMs });
  for await (const batch of batches) {
    results.push(...batch.results);
    expect(batch.recordsDone).toBe(results.length);
  }
  return results;
}

function refused(results: readonly ReadResult[]) {
  return results.filter((result) => !result.ok);
}

describe('lines', () => {
  test.each(rowsCases)('$name', async ({ bytes, mapping, good, bad }) => {
    const results = await read(await placed(bytes), mapping);
    expect(refused(results).map(({ line, reason }) => ({ line, reason }))).toEqual(bad);
    expect(results.length - refused(results).length).toBe(good);
    for (const { raw, detail } of refused(results)) {
      expect(Buffer.byteLength(raw)).toBeLessThanOrEqual(maxRawBytes);
      expect(detail).not.toBe('');
      expect(detail.length).toBeLessThan(400);
    }
    const lines = results.map(({ line }) => line);
    expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  });
});

/** The dead letters of refused lines sent through `again`: the reason of each that is refused still, null for the others. */
async function putBack(file: string, mapping: string, again: string = mapping) {
  const ends: { line: number; reason: string | null; input: unknown }[] = [];
  const parsed = parseMapping(mapping, 'test');
  for await (const batch of readMapped(file, parsed, { nowMs: () => casesNowMs })) {
    const origin = { ...batch, file, mapping: parsed, receivedAt: casesNowMs };
    for (const result of refused(batch.results)) {
      const letter = recordsRejected.codec.decode(refusedLine(result, result, origin).value!);
      const retried = retryLine(letter, parseMapping(again, 'test'), () => casesNowMs);
      ends.push({
        line: result.line,
        // Where it was cut it is refused for that, whatever else it was.
        reason: retried.ok ? null : letter.payloadCut ? letter.reason : retried.reason,
        input: retried.ok ? postsPublished.codec.decode(retried.outgoing.value!) : undefined,
      });
    }
  }
  return ends;
}

describe('a dead letter that nothing was mended for is refused again, for the same reason', () => {
  test.each(rowsCases.filter(({ bad }) => bad.length > 0))(
    '$name',
    async ({ bytes, mapping, bad }) => {
      const ends = await putBack(await placed(bytes), mapping);
      expect(ends.map(({ line, reason }) => ({ line, reason }))).toEqual(bad);
    },
  );

  test('the line at which an archive breaks off', async () => {
    const { bytes, mapping, reason } = cutOffArchive;
    expect(await putBack(await placed(bytes), mapping)).toMatchObject([{ reason }]);
  });
});

test('a line in another encoding goes through a mapping that names it, as it was written', async () => {
  const mapping =
    'source: s\nkind: posts\nformat: csv\ntime: { column: at }\nfields: { id: id, text: text }\n';
  const bytes = Buffer.concat([
    Buffer.from('id,at,text\na,2025-06-01T10:00:00Z,fine\nb,2025-06-01T10:00:00Z,Brak zasi'),
    Buffer.from([0xea]),
    Buffer.from('gu\n'),
  ]);
  const file = await placed(bytes);
  expect(await putBack(file, mapping, `${mapping}encoding: windows-1250\n`)).toMatchObject([
    { line: 3, reason: null, input: { text: 'Brak zasięgu' } },
  ]);
});

describe('files and mappings', () => {
  test.each(refusedCases)('$name', async ({ bytes, mapping, fails }) => {
    const results: ReadResult[] = [];
    const reading = placed(bytes).then((file) => read(file, mapping, results));
    await expect(reading).rejects.toMatchObject({ name: 'SignpostError', code: fails });
    expect(results).toEqual([]);
  });
});

test('a gzip cut off gives every row before the cut', async () => {
  const { bytes, mapping, reason, leastGood } = cutOffArchive;
  const results = await read(await placed(bytes), mapping);
  const last = results.at(-1);
  expect(last).toMatchObject({ ok: false, reason });
  expect(results.slice(0, -1).every(({ ok }) => ok)).toBe(true);
  expect(results.length).toBeGreaterThan(leastGood);
  // The header is line 1, and every line after it is one record.
  expect(last?.line).toBe(results.length + 1);
});

test('the table has every reason a line can be refused for', () => {
  const shown = new Set<string>([
    ...rowsCases.flatMap(({ bad }) => bad.map(({ reason }) => reason)),
    cutOffArchive.reason,
  ]);
  expect(importReasons.filter((reason) => !shown.has(reason))).toEqual([]);
});

test('a refused line is kept as it is, controls and all, and its detail holds nothing of it', async () => {
  const line = 'c,2025-06-01T10:00:00Z,\u001b[31mlost\u202e,x\u0007';
  const [result] = await read(
    await placed(Buffer.from(`id,at,status,subject\n${line}\n`)),
    rowsCases[0]?.mapping ?? '',
  );
  expect(result).toMatchObject({ ok: false, raw: line });
  expect(result).toMatchObject({
    detail: 'status: is not among the mapping’s values (found 10 characters)',
  });
});

test('two hundred thousand lines that each open a quote are read in linear time', async () => {
  const lines = Array.from({ length: 200_000 }, () => 'a",,"c');
  const bytes = Buffer.from(`id,at,status,subject\n${lines.join('\n')}\n`);
  const results = await read(await placed(bytes), rowsCases[0]?.mapping ?? '');
  expect(results.length).toBe(200_000);
  expect(new Set(refused(results).map(({ reason }) => reason))).toEqual(
    new Set(['quote-not-closed']),
  );
}, 20_000);
