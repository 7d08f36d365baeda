// Bench: import of short texts to published department streams, through the real command, with its memory.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { generate } from '../../services/gateway/synthetic/generate.ts';

const command = join(import.meta.dirname, '..', '..', 'bin', 'signpost');

const mapping = `source: bench
kind: posts
format: csv
time: { column: at, format: epoch-milliseconds }
fields:
  id: id
  text: text
`;

export interface ImportFigures {
  readonly records: number;
  readonly recordsPerSecond: number;
  readonly seconds: number;
  readonly insights: number;
  readonly routed: number;
  /** Largest resident memory seen, in MB (10^6 bytes). */
  readonly peakMb: number;
  /** Resident memory seen when a tenth and when nine tenths of the time had passed. */
  readonly earlyMb: number;
  readonly lateMb: number;
  /** Processor time of the whole process, in seconds. */
  readonly cpuSeconds: number;
}

/** Imports `records` made-up posts of up to 140 characters into a fresh data directory. */
export async function benchImport(records: number): Promise<ImportFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'signpost-bench-'));
  try {
    const file = join(folder, 'posts.csv');
    const meanLength = await writePosts(file, records);
    console.error(`${records} posts, ${meanLength.toFixed(0)} characters on average`);
    writeFileSync(join(folder, 'posts.yaml'), mapping);
    return await runImport(folder, file, records);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function writePosts(file: string, records: number): Promise<number> {
  const out = createWriteStream(file);
  out.write('id,at,text\n');
  let written = 0;
  let characters = 0;
  const from = Date.UTC(2026, 0, 1);
  for (const { kind, input } of generate({ seed: 1, from, to: Infinity, ratePerHour: 20_000 })) {
    const { text } = input as { text?: string };
    if (kind !== 'posts' || text === undefined || text.length > 140 || text.includes('\n'))
      continue;
    written += 1;
    characters += text.length;
    if (!out.write(`p${written},${from + written},"${text.replaceAll('"', '""')}"\n`)) {
      await once(out, 'drain');
    }
    if (written === records) break;
  }
  out.end();
  await finished(out);
  return characters / written;
}

async function runImport(folder: string, file: string, records: number): Promise<ImportFigures> {
  const args = [
    'import',
    'posts',
    file,
    '--mapping',
    join(folder, 'posts.yaml'),
    '--data',
    join(folder, 'data'),
    '--json',
  ];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const memory: number[] = [];
  let cpuSeconds = 0;
  const look = setInterval(() => {
    const seen = lookAt(child.pid!);
    if (seen === undefined) return;
    memory.push(seen.residentMb);
    ({ cpuSeconds } = seen);
  }, 200);
  let printed = '';
  for await (const chunk of child.stdout) printed += String(chunk);
  clearInterval(look);
  const report = JSON.parse(printed) as {
    insights: number;
    perDepartment: Record<string, number>;
    seconds: number;
    recordsPerSecond: number;
  };
  return {
    records,
    recordsPerSecond: report.recordsPerSecond,
    seconds: report.seconds,
    insights: report.insights,
    routed: Object.values(report.perDepartment).reduce((sum, count) => sum + count, 0),
    peakMb: Math.round(Math.max(...memory)),
    earlyMb: Math.round(memory[Math.floor(memory.length * 0.1)] ?? 0),
    lateMb: Math.round(memory[Math.floor(memory.length * 0.9)] ?? 0),
    cpuSeconds,
  };
}

/** Resident memory and processor time as Linux tells them; undefined elsewhere and once the process is gone. */
function lookAt(pid: number): { residentMb: number; cpuSeconds: number } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return {
      residentMb: (Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024) / 1e6,
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    };
  } catch {
    return undefined;
  }
}
