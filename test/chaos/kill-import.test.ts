// SIGKILL at random moments of imports: started again until they are through, they end as if nothing had happened.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import { generate } from '../../services/gateway/synthetic/generate.ts';
import { insightsShared, ticketsReported } from '../../services/topology.ts';
import { seeded } from '../support/adversary.ts';
import { endAll, run, start, type Ended } from '../support/command.ts';
import { auditDirectory } from '../support/oracle.ts';

const KILLS = 25;
/** Records of one file; files follow each other until there were enough kills. */
const RECORDS = 6_000;
const BAD_EVERY = 400;
const SEED = Number(process.env['SIGNPOST_CHAOS_SEED'] ?? Date.now() % 1_000_000);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-kill-import-'));
});
afterEach(async () => {
  await endAll();
  rmSync(directory, { recursive: true, force: true });
});

interface Import {
  readonly file: string;
  readonly lines: number;
  readonly badLines: readonly number[];
  readonly result: Record<string, unknown>;
}

test(
  `an import killed ${KILLS} times loses nothing, doubles nothing, and counts right (seed ${SEED})`,
  { timeout: 600_000 },
  async () => {
    const random = seeded(SEED);
    const data = join(directory, 'data');
    const mapping = join(directory, 'mapping.yaml');
    writeFileSync(mapping, mappingYaml);
    const config = join(directory, 'signpost.yaml');
    writeFileSync(config, 'threads: 1\n');
    const struck: { records: number; insights: number }[] = [];
    const imports: Import[] = [];
    while (struck.length < KILLS) {
      const written = writeFile(SEED + imports.length);
      const args = [
        'import',
        'tickets',
        written.file,
        '--mapping',
        mapping,
        '--data',
        data,
        '--json',
      ];
      for (;;) {
        // Mostly with one thread of stages, whose start is the cheapest; else with as many as usual, that share partitions.
        const threads = random() < 0.75 ? ['--config', config] : [];
        const ended = await importAndKill(
          [...args, ...threads],
          data,
          struck.length < KILLS ? random : undefined,
        );
        // Killed after its report it is done: only the closing of files is missing.
        if (ended.stdout.endsWith('}\n')) {
          imports.push({ ...written, result: JSON.parse(ended.stdout) as Record<string, unknown> });
          break;
        }
        expect(ended).toMatchObject({ signal: 'SIGKILL' });
        struck.push(await progressOf(data));
      }
    }
    // Most kills must hit work, and not all of them the same work.
    const distinct = new Set(struck.map(({ records, insights }) => `${records} ${insights}`));
    console.log(
      `seed ${SEED}, ${imports.length} files, killed at ${struck.map(({ records, insights }) => `${records}/${insights}`).join(' ')}`,
    );
    expect(distinct.size).toBeGreaterThan(KILLS / 3);

    for (const { lines, result } of imports) {
      expect(result).toMatchObject({ accepted: lines });
      const sum = (counts: unknown): number =>
        Object.values(counts as Record<string, number>).reduce((a, b) => a + b, 0);
      expect(Number(result['insights']) + sum(result['dropped']) + sum(result['rejected'])).toBe(
        lines,
      );
    }
    const books = await auditDirectory(data);
    const allLines = imports.reduce((sum, { lines }) => sum + lines, 0);
    expect(books.accepted.size + books.refusedLines.length).toBe(allLines);
    expect(books.repeatedLines).toBe(0);
    expect(books.refusedLines.map(({ file, line }) => `${file}:${line}`).toSorted()).toEqual(
      imports
        .flatMap(({ file, badLines }) =>
          badLines.map((line) => `${file.slice(directory.length + 1)}:${line}`),
        )
        .toSorted(),
    );
    expect(
      new Set([...books.accepted.values()].map(({ outcome }) => outcome.reason ?? outcome.kind)),
    ).toEqual(new Set(['insight', 'duplicate', 'id-conflict']));
    const reconciled = await run(['reconcile', '--data', data, '--json']);
    expect(reconciled.code).toBe(0);
    expect(JSON.parse(reconciled.stdout)).toMatchObject({
      balanced: true,
      duplicates: 0,
      sources: { 'chaos-tickets': { accepted: allLines, insights: books.insights.length } },
    });
  },
);

/** Runs the import; with `random`, kills it: at any time from its start, or soon after it first wrote records. */
async function importAndKill(
  args: readonly string[],
  data: string,
  random: (() => number) | undefined,
): Promise<Ended> {
  const { child, ended } = start(args);
  if (random === undefined) return ended;
  const over = new AbortController();
  void ended.then(() => over.abort());
  const sleep = (ms: number): Promise<void> =>
    pause(ms, undefined, { signal: over.signal }).catch(() => {});
  if (random() < 0.2) await sleep(50 + random() * 700);
  else {
    let least = Number.POSITIVE_INFINITY;
    while (!over.signal.aborted) {
      const bytes = bytesOf(data);
      least = Math.min(least, bytes);
      if (bytes - least > 50_000) break;
      await sleep(3);
    }
    await sleep(random() * 250);
  }
  child.kill('SIGKILL');
  return ended;
}

/** Of the log: grows with what is written, shrinks when its write-ahead part is folded in. */
function bytesOf(data: string): number {
  return ['log.sqlite', 'log.sqlite-wal']
    .map((name) => statSync(join(data, 'log', name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}

async function progressOf(data: string): Promise<{ records: number; insights: number }> {
  if (statSync(join(data, 'log', 'log.sqlite'), { throwIfNoEntry: false }) === undefined)
    return { records: 0, insights: 0 };
  const reader = await openEmbeddedLogReader({ directory: data });
  try {
    const topics = await reader.topics();
    const count = (topic: string): number =>
      (topics.find(({ name }) => name === topic)?.partitions ?? []).reduce(
        (sum, { end }) => sum + end,
        0,
      );
    return { records: count(ticketsReported.name), insights: count(insightsShared.name) };
  } finally {
    await reader.close();
  }
}

const mappingYaml = `
source: chaos-tickets
kind: tickets
format: jsonl
time: { column: occurredAt, format: epoch-milliseconds }
fields:
  id: id
  version: version
  customerId: customerId
  name: name
  description: description
  ticketType: ticketType
  status: { column: status, other: reject, values: { acknowledged: acknowledged, rejected: rejected, pending: pending, held: held, inProgress: inProgress, cancelled: cancelled, closed: closed, resolved: resolved } }
notes:
  each: notes
  fields: { id: id, text: text }
`;

/** Lively tickets with updates and what senders send twice, conflicts among them, and lines that cannot be taken in. */
function writeFile(seed: number): { file: string; lines: number; badLines: number[] } {
  const file = join(directory, `tickets-${seed}.jsonl`);
  const lines: string[] = [];
  const badLines: number[] = [];
  const from = Date.UTC(2026, 2, 1);
  for (const { kind, input } of generate({ seed, from, to: Infinity, ratePerHour: 20_000 })) {
    if (kind !== 'tickets') continue;
    // Ids of worlds with different seeds may meet; those of files may not.
    const ticket = {
      ...input,
      id: `${seed}-${String((input as { id: unknown }).id)}`,
    };
    lines.push(JSON.stringify(ticket));
    if (lines.length % BAD_EVERY === 7) {
      lines.push(
        lines.length % 2 === 0 ? '{"id": "broken' : JSON.stringify({ ...ticket, status: 'lost' }),
      );
      badLines.push(lines.length);
    }
    if (lines.length % BAD_EVERY === 50)
      lines.push(JSON.stringify({ ...ticket, name: 'Said otherwise before' }));
    if (lines.length >= RECORDS) break;
  }
  writeFileSync(file, `${lines.join('\n')}\n`);
  return { file, lines: lines.length, badLines };
}
