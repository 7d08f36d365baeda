// A portal to measure: `signpost up` on a new data directory, fed with made-up records of 90 days through its intake.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SignpostError } from '#core/errors.ts';
import type { AggregatesAnswer } from '../../../services/portal/api/answers.ts';
import { generate } from '../../../services/gateway/synthetic/generate.ts';
import { GAZETTEER_URL } from '../../../services/gateway/synthetic/provider.ts';

const command = join(import.meta.dirname, '..', '..', '..', 'bin', 'signpost');
const days = 90;
const recordsPerRequest = 2000;

export interface ServedPages {
  readonly url: string;
  close(): Promise<void>;
}

/** Resolves when all records are in the store that the pages read. */
export async function servePages(records: number): Promise<ServedPages> {
  const dir = mkdtempSync(join(tmpdir(), 'signpost-bench-'));
  const config = join(dir, 'signpost.yaml');
  writeFileSync(
    config,
    `logLevel: error\nnormalize: { gazetteer: ${JSON.stringify(fileURLToPath(GAZETTEER_URL))} }\n`,
  );
  const child = spawn(
    command,
    ['up', '--data', join(dir, 'data'), '--config', config, '--port', '0'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const close = async (): Promise<void> => {
    if ((child.exitCode ?? child.signalCode) === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const url = await addressIn(child.stdout);
    child.stdout.resume();
    await send(url, records);
    await untilProjected(url);
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function addressIn(output: NodeJS.ReadableStream): Promise<string> {
  let said = '';
  for (;;) {
    const [chunk] = (await once(output, 'data')) as [Buffer];
    said += chunk.toString();
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
    if (url !== undefined) return url;
  }
}

async function send(url: string, records: number): Promise<void> {
  const to = Date.now();
  const from = to - days * 86_400_000;
  const ratePerHour = Math.ceil((records * 1.2) / (days * 24));
  const waiting: Record<string, object[]> = {};
  let sent = 0;
  for (const { kind, input } of generate({ seed: 1, from, to, ratePerHour })) {
    const batch = (waiting[kind] ??= []);
    batch.push(input);
    sent += 1;
    if (batch.length === recordsPerRequest) await post(`${url}/v1/${kind}`, batch.splice(0));
    if (sent === records) break;
  }
  for (const [kind, batch] of Object.entries(waiting))
    if (batch.length > 0) await post(`${url}/v1/${kind}`, batch);
}

async function post(address: string, records: readonly object[]): Promise<void> {
  for (;;) {
    const { status } = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(records),
    });
    if (status === 202) return;
    if (status !== 503)
      throw new SignpostError('bench-refused', `${address} answered ${status} to made-up records.`);
    await pause(500);
  }
}

/** Updates of tickets make no new signal, so that no number is known beforehand: all is there when it stays. */
async function untilProjected(url: string): Promise<void> {
  let before = -1;
  for (;;) {
    const response = await fetch(`${url}/v1/aggregates?from=2020-01-01&to=2036-01-01`);
    const { rows } = (await response.json()) as AggregatesAnswer;
    const [{ opened, posts, surveyAnswers } = { opened: 0, posts: 0, surveyAnswers: 0 }] = rows;
    const signals = (opened ?? 0) + (posts ?? 0) + (surveyAnswers ?? 0);
    if (signals === before && signals > 0) return;
    before = signals;
    await pause(2000);
  }
}
