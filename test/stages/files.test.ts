// Reading import files: nothing skipped, whatever the chunks; quoted cells as they were written; resuming.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCsvReader, isBlank, type RawRecord } from '../../services/gateway/files/csv.ts';
import { boundRaw, maxRawBytes, quoted } from '../../services/gateway/files/import-reason.ts';
import { createJsonlReader } from '../../services/gateway/files/jsonl.ts';
import { readLines, type LineBlock } from '../../services/gateway/files/lines.ts';
import { readMapped, type ReadOptions } from '../../services/gateway/files/rows.ts';
import type { ReadResult } from '../../services/gateway/mapping/apply.ts';
import { parseMapping } from '../../services/gateway/mapping/mapping.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signpost-files-'));
});
afterAll(() => rm(directory, { recursive: true }));

const mapping = parseMapping(
  `
source: test
kind: posts
format: csv
time: { column: at }
fields: { id: id, text: text, attributes.line: $line, attributes.file: $fileHash, attributes.hash: $recordHash }
`,
  'test',
);
const at = '2025-06-01T10:00:00Z';
const rows = (count: number, of = (index: number) => `${index},${at},text ${index}`): string =>
  `id,at,text\n${Array.from({ length: count }, (_, index) => of(index)).join('\n')}\n`;

async function place(name: string, content: string | Buffer): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, content);
  return file;
}

async function readAll(file: string, options: ReadOptions = {}): Promise<ReadResult[]> {
  const results: ReadResult[] = [];
  for await (const batch of readMapped(file, mapping, options)) results.push(...batch.results);
  return results;
}

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, 4);
  for (let start = 4; start < bytes.length; start += size)
    yield bytes.subarray(start, start + size);
}

async function linesOf(bytes: Buffer, size: number, maxLineBytes = 1000): Promise<string[]> {
  const found: string[] = [];
  for await (const block of readLines(chunked(bytes, size), { encoding: 'utf-8', maxLineBytes })) {
    expect(block.firstLine).toBe(found.length + 1);
    block.lines.forEach((line, index) => {
      found.push(`${block.flaws?.get(index)?.reason ?? ''}|${line}`);
    });
  }
  return found;
}

function records(text: string): RawRecord[] {
  const out: RawRecord[] = [];
  const reader = createCsvReader({
    delimiter: ',',
    quotes: true,
    width: 3,
    maxRecordChars: 500,
    maxRecordLines: 8,
  });
  const lines = text.split('\n');
  // Two blocks, so that an open quote is carried from one to the next.
  const half = lines.length >> 1;
  const block = (from: number, to: number): LineBlock => ({
    firstLine: from + 1,
    lines: lines.slice(from, to),
    flaws: undefined,
  });
  reader.push(block(0, half), out);
  reader.push(block(half, lines.length), out);
  reader.end(out);
  return out;
}

describe('lines', () => {
  test('are the same however the bytes are cut', async () => {
    const parts = ['\n', '\r\n', 'a', 'é', '😀', '\0', ',', '"', 'x'.repeat(30)].map((part) =>
      Buffer.from(part),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...parts, Buffer.from([0xff]), Buffer.from([0xc3])), {
          maxLength: 60,
        }),
        fc.integer({ min: 1, max: 40 }),
        async (pieces, size) => {
          const bytes = Buffer.concat([Buffer.from('\nab\n'), ...pieces]);
          expect(await linesOf(bytes, size, 50)).toEqual(await linesOf(bytes, 1_000_000, 50));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('with bare CR are the same however the bytes are cut', async () => {
    const bytes = Buffer.from('one\rtwo\r\rthree\r\nfour\r');
    const expected = ['|one', '|two', '|', '|three', '|four'];
    for (const size of [1, 2, 3, 100]) expect(await linesOf(bytes, size)).toEqual(expected);
  });
});

describe('delimited records', () => {
  test('come back as they were written, quotes, delimiters and line ends in the cells', () => {
    const cell = fc.string({
      unit: fc.constantFrom('a', ' ', ',', '"', '\n', 'é', ';'),
      maxLength: 12,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell, cell), { maxLength: 12 }), (table) => {
        const kept = table.filter((row) => row.every((each) => each.split('\n').length <= 2));
        const text = kept
          .map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(','))
          .join('\n');
        expect(
          records(text).map((record) => (record.kind === 'cells' ? record.cells : record)),
        ).toEqual(kept);
      }),
      { numRuns: 1000 },
    );
  });

  test('hold every line that is not blank exactly once, whatever the quotes', () => {
    const piece = fc.constantFrom('a', ',', '"', '""', '\n', '",', ',"', 'x,y,z\n', ' ');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 80 }), (pieces) => {
        const lines = pieces.join('').split('\n');
        const seen: string[] = [];
        for (const { line, raw } of records(pieces.join(''))) {
          // Lines between the records are blank ones.
          while (seen.length + 1 < line) seen.push('');
          expect(seen.length + 1).toBe(line);
          seen.push(...raw.split('\n'));
        }
        while (seen.length < lines.length) seen.push('');
        expect(seen.map((line) => (isBlank(line) ? '' : line))).toEqual(
          lines.map((line) => (isBlank(line) ? '' : line)),
        );
      }),
      { numRuns: 3000 },
    );
  });

  test('a quote inside an unquoted cell is a character', () => {
    expect(records('a,5" screen,b')).toMatchObject([{ cells: ['a', '5" screen', 'b'] }]);
  });
});

describe('JSON lines', () => {
  const reader = createJsonlReader({ maxDepth: 1000 });
  const reasonOf = (line: string): string | undefined => {
    const out: RawRecord[] = [];
    reader.push({ firstLine: 1, lines: [line], flaws: undefined }, out);
    return out[0]?.kind === 'flaw' ? out[0].flaw.reason : undefined;
  };
  const object = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 4 }), {
    minKeys: 1,
  });

  test('have a key twice only where it is written twice', () => {
    fc.assert(
      fc.property(object, fc.nat(), (value, nth) => {
        const json = JSON.stringify(value);
        expect(reasonOf(json)).not.toBe('duplicate-key');
        const keys = Object.keys(value);
        const again = JSON.stringify(keys[nth % keys.length]);
        // What else is wrong with a key is found first.
        const wrong = reasonOf(json) ?? 'duplicate-key';
        expect(reasonOf(`${json.slice(0, -1)}, ${again} : 1}`)).toBe(wrong);
        expect(reasonOf(`{"x":[${json.slice(0, -1)}\t,${again}\t:null}]}`)).toBe(wrong);
      }),
    );
  });

  test.each([
    ['{"id":NaN}', 'JSON does not have'],
    ['{"id":"Zoe" "at":1}', 'at character 13'],
    ['{"id":"Zoe"', 'at character 12'],
    ['{"id":', 'too early'],
  ])('that cannot be parsed say what is known of it, and nothing they hold: %s', (line, says) => {
    const out: RawRecord[] = [];
    reader.push({ firstLine: 1, lines: [line], flaws: undefined }, out);
    const [found] = out;
    expect(found).toMatchObject({ kind: 'flaw', flaw: { reason: 'invalid-json' } });
    const detail = found?.kind === 'flaw' ? found.flaw.detail : '';
    expect(detail).toContain(says);
    expect(detail).not.toContain('Zoe');
  });
});

describe('resuming', () => {
  test('after any record gives exactly the rest', async () => {
    const text = rows(50, (index) =>
      index % 7 === 3 ? `${index},never,"open` : `${index},${at},"two\nlines"`,
    );
    const file = await place('resume.csv', text);
    const all = await readAll(file);
    expect(all.some(({ ok }) => !ok)).toBe(true);
    for (let done = 0; done <= all.length; done += 1)
      expect(await readAll(file, { skipRecords: done })).toEqual(all.slice(done));
  });

  test('counts skipped records as done, and batches hold at most 500', async () => {
    const file = await place('batches.csv', rows(1350));
    const sizes: [number, number][] = [];
    for await (const batch of readMapped(file, mapping, { skipRecords: 100 }))
      sizes.push([batch.results.length, batch.recordsDone]);
    expect(sizes).toEqual([
      [500, 600],
      [500, 1100],
      [250, 1350],
    ]);
  });

  test('long records make small batches', async () => {
    const file = await place(
      'long.csv',
      rows(12, (index) => `${index},${at},${'x'.repeat(1_000_000)}`),
    );
    const sizes: number[] = [];
    for await (const batch of readMapped(file, mapping)) sizes.push(batch.results.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(5);
  });
});

function idsOf(results: readonly ReadResult[]): unknown[] {
  return results.map((result) => result.ok && result.input['attributes']);
}

describe('ids of rows without one', () => {
  test('are the same for the same content, renamed or packed', async () => {
    const text = rows(3000);
    const plain = idsOf(await readAll(await place('one.csv', text)));
    expect(idsOf(await readAll(await place('two.csv', text)))).toEqual(plain);
    expect(idsOf(await readAll(await place('three.csv.gz', gzipSync(text))))).toEqual(plain);
  });

  test('of a file that has grown stay as they were', async () => {
    const before = idsOf(await readAll(await place('grown.csv', rows(5000))));
    const after = idsOf(await readAll(await place('grown.csv', rows(6000))));
    expect(after.slice(0, before.length)).toEqual(before);
  });

  test('differ between files', async () => {
    const one = await readAll(await place('x.csv', rows(1)));
    const two = await readAll(
      await place(
        'y.csv',
        rows(1, () => `0,${at},other`),
      ),
    );
    expect(idsOf(one)).not.toEqual(idsOf(two));
  });
});

describe('the file', () => {
  test('reports progress in bytes on the disk, up to its size', async () => {
    const packed = gzipSync(rows(20_000, (index) => `${index},${at},${(index * 7919) % 99_991}`));
    const file = await place('progress.csv.gz', packed);
    const seen: number[] = [];
    await readAll(file, {
      onProgress: (bytesRead, bytesTotal) => {
        seen.push(bytesRead);
        expect(bytesTotal).toBe(packed.length);
      },
    });
    expect(seen.at(-1)).toBe(packed.length);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  test('stops when asked to', async () => {
    const file = await place('abort.csv', rows(50_000));
    const controller = new AbortController();
    let batches = 0;
    const reading = (async () => {
      for await (const batch of readMapped(file, mapping, { signal: controller.signal })) {
        batches += batch.results.length > 0 ? 1 : 0;
        controller.abort(new Error('stop'));
      }
    })();
    await expect(reading).rejects.toThrow('stop');
    expect(batches).toBeLessThan(25);
  });

  test('may be several gzip members one after the other', async () => {
    const file = await place(
      'members.csv.gz',
      Buffer.concat([gzipSync(rows(2)), gzipSync(`2,${at},x\n`), Buffer.alloc(512)]),
    );
    expect((await readAll(file)).map(({ ok }) => ok)).toEqual([true, true, true]);
  });

  test('may be a pipe', async () => {
    const pipe = join(directory, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const script = `{ echo id,at,text; sleep 0.1; echo 1,${at},x; } > "$0"`;
    const writer = spawn('sh', ['-c', script, pipe], { stdio: 'inherit' });
    const exited = new Promise((resolve) => writer.once('exit', resolve));
    const reading = readAll(pipe);
    await exited;
    expect(await reading).toMatchObject([{ ok: true, line: 2 }]);
  });

  test('unpacks no further than allowed', async () => {
    const file = await place('limit.csv.gz', gzipSync(rows(20_000)));
    await expect(readAll(file, { limits: { maxUnpackedBytes: 10_000 } })).rejects.toMatchObject({
      code: 'gzip-bomb',
    });
  });
});

test('a refused record is cut at 64 KB without halving a character', () => {
  for (const text of [
    'é'.repeat(50_000),
    `a${'é'.repeat(50_000)}`,
    `ab${'😀'.repeat(40_000)}`,
    `${'x'.repeat(65_535)}😀`,
  ]) {
    const raw = boundRaw(text);
    expect(Buffer.byteLength(raw)).toBeLessThanOrEqual(maxRawBytes);
    expect(Buffer.byteLength(raw)).toBeGreaterThan(maxRawBytes - 4);
    expect(text.startsWith(raw)).toBe(true);
  }
  expect(boundRaw('short\0')).toBe('short\0');
});

test('a quoted value holds nothing a terminal acts on', () => {
  expect(quoted('\u001b]0;x\u0007\u202e\u2028\u0085é😀')).toBe(
    String.raw`"\u{1b}]0;x\u{7}\u{202e}\u{2028}\u{85}é😀"`,
  );
});
