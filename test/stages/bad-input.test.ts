// Every kind of bad import input gets its own reason and line, and the good records around it come through.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importReasons, maxRawBytes } from '../../services/gateway/files/import-reason.ts';
import { readMapped } from '../../services/gateway/files/rows.ts';
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
