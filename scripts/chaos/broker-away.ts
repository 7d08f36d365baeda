// The only broker is away for a while, killed or hanging, with senders at the gateway: what it answers meanwhile, how
// soon it takes records in again, and whether all that it acknowledged is on the topics though it is killed at the end.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { nameOf, openJournal, readJournal } from '../../test/support/journal.ts';
import { intakeNames } from '../../test/support/cluster-streams.ts';
import { decodePlain, readPlainTypes, readWhole } from '../../test/support/plain-reader.ts';
import { openCluster } from './cluster.ts';
import { createCopies } from './copies.ts';
import { eventOf, source, type Event } from './events.ts';

export interface AwayOptions {
  readonly root: string;
  /** Killed, or stopped with its connections open. */
  readonly how: 'kill' | 'hang';
  readonly awayMs: number;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

export interface AwayReport {
  /** Answers while it was away, by status; 0 stands for none within 4 s. */
  readonly answers: Readonly<Record<number, number>>;
  /** From the broker's going to the first 503: the gateway is patient for three seconds. */
  readonly toldAfterMs: number | undefined;
  /** Requests that began when it had been away for 6 s, and got no answer: nobody waits for an append by then. */
  readonly unanswered: number;
  /** Of the answers 503, those without Retry-After. */
  readonly withoutRetryAfter: number;
  /** Of requests that began when it had been away for 6 s. */
  readonly slowestMs: number;
  /** From the broker serving again to the first record taken in. */
  readonly recoveredMs: number;
  /** Resident memory of the gateway just before, and its highest while the broker was away. */
  readonly residentMb: { readonly before: number; readonly highest: number };
  readonly acknowledged: number;
  /** Acknowledged and on no topic. */
  readonly lost: readonly string[];
  /** On a topic, and never sent, or more often than sent. */
  readonly surplus: readonly string[];
}

const SENDERS = 6;
const BATCH = 20;
/** Senders come again after so long without an answer, as many do. */
const ANSWER_MS = 4_000;
/** By then everybody is told at once. */
const SETTLED_MS = 6_000;

export async function runBrokerAway(options: AwayOptions): Promise<AwayReport> {
  const { root, how, awayMs, signal, say } = options;
  const cluster = await openCluster({
    root,
    brokers: 1,
    partitions: 4,
    sessionTimeoutMs: 10_000,
  });
  const { config, env, logs, client } = cluster;
  const copies = createCopies({ root, config, env, logs });
  const over = new AbortController();
  const stopped = AbortSignal.any([signal, over.signal]);
  const path = join(cluster.folder, 'journal.jsonl');
  const journal = openJournal(path);
  try {
    const gateway = copies.start('gateway');
    await gateway.ready;
    const [node] = cluster.kafka.nodes;
    const answers: Record<number, number> = {};
    let phase: 'before' | 'away' | 'back' = 'before';
    let awaySince = Infinity;
    let withoutRetryAfter = 0;
    let unanswered = 0;
    let slowestMs = 0;
    let acknowledged = 0;
    let firstBack: number | undefined;
    let toldAfterMs: number | undefined;

    const attempt = async (batch: readonly Event[]): Promise<boolean> => {
      const since = performance.now();
      const begun = phase;
      const { status, retryAfter } = await post(`${gateway.url}/v1/posts?source=${source}`, batch);
      if (begun === 'away' && phase === 'away') {
        answers[status] = (answers[status] ?? 0) + 1;
        if (status === 503) toldAfterMs ??= performance.now() - awaySince;
        if (status === 503 && retryAfter === null) withoutRetryAfter += 1;
        if (since - awaySince > SETTLED_MS) {
          slowestMs = Math.max(slowestMs, performance.now() - since);
          if (status === 0) unanswered += 1;
        }
      }
      if (status === 202 && phase === 'back') firstBack ??= performance.now();
      return status === 202;
    };
    const sender = async (index: number): Promise<void> => {
      for (let seq = 1; !stopped.aborted; seq += 1) {
        const batch = Array.from({ length: BATCH }, (_, i) =>
          eventOf('posts', index * BATCH + i, seq),
        );
        do {
          journal.sending(batch);
          await pause(50);
        } while (!(await attempt(batch)) && !stopped.aborted);
        if (stopped.aborted) return;
        await journal.acknowledged(batch);
        acknowledged += BATCH;
      }
    };
    const sending = Promise.all(Array.from({ length: SENDERS }, (_, index) => sender(index)));
    sending.catch(() => over.abort());
    const until = async (condition: () => boolean, withinMs: number): Promise<void> => {
      for (const end = performance.now() + withinMs; !condition();) {
        if (performance.now() > end || stopped.aborted) break;
        await pause(20);
      }
    };

    await until(() => acknowledged >= SENDERS * BATCH * 5, 30_000);
    const before = residentMbOf(gateway.pid);
    let highest = before;
    say(`${acknowledged} acknowledged; the broker goes (${how})`);
    await (how === 'kill' ? node!.kill() : node!.pause());
    phase = 'away';
    awaySince = performance.now();
    while (performance.now() - awaySince < awayMs && !stopped.aborted) {
      await pause(Math.min(500, awayMs), undefined, { signal: stopped }).catch(() => {});
      highest = Math.max(highest, residentMbOf(gateway.pid));
    }
    phase = 'back';
    await (how === 'kill' ? node!.start() : node!.resume());
    const served = performance.now();
    await until(() => firstBack !== undefined, 60_000);
    const recoveredMs = Math.max(0, (firstBack ?? Infinity) - served);
    say(`taken in again after ${Math.round(recoveredMs)} ms`);
    const enough = acknowledged + SENDERS * BATCH * 3;
    await until(() => acknowledged >= enough, 30_000);
    // Whatever it holds in memory alone is gone now.
    await gateway.kill();
    over.abort();
    await sending;
    await journal.close();

    const entries = readJournal(path);
    const copiesOf = new Map<string, number>();
    const types = readPlainTypes(join(root, 'schemas'));
    await readWhole(client, intakeNames, ({ value }) => {
      const record = decodePlain(types, value);
      const id = `${source}/${String(record?.['id'])}/${String(record?.['version'])}`;
      const mark = String(record?.['product']).replace('plan ', '');
      const name = nameOf({ id, mark });
      copiesOf.set(name, (copiesOf.get(name) ?? 0) + 1);
    });
    return {
      answers,
      toldAfterMs,
      unanswered,
      withoutRetryAfter,
      slowestMs,
      recoveredMs,
      residentMb: { before, highest },
      acknowledged,
      lost: [...entries]
        .filter(([name, entry]) => entry.acknowledged > 0 && !copiesOf.has(name))
        .map(([name]) => name),
      surplus: [...copiesOf]
        .filter(([name, count]) => count > (entries.get(name)?.attempts ?? 0))
        .map(([name]) => name),
    };
  } finally {
    over.abort();
    await Promise.allSettled([copies.close(), journal.close()]);
    await cluster.close(false);
  }
}

async function post(
  url: string,
  batch: readonly Event[],
): Promise<{ readonly status: number; readonly retryAfter: string | null }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(batch.map(({ body }) => body)),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    await response.text();
    return { status: response.status, retryAfter: response.headers.get('retry-after') };
  } catch {
    return { status: 0, retryAfter: null };
  }
}

/** Linux tells it; elsewhere it stays unknown, as 0. */
function residentMbOf(pid: number): number {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return 0;
  }
}

/** Sentences for what did not hold. */
export function complaintsAboutAway(report: AwayReport): readonly string[] {
  const {
    answers,
    toldAfterMs,
    unanswered,
    withoutRetryAfter,
    slowestMs,
    recoveredMs,
    residentMb,
    lost,
    surplus,
  } = report;
  const others = Object.keys(answers).filter((status) => !['503', '202', '0'].includes(status));
  return [
    ...(toldAfterMs === undefined || toldAfterMs > SETTLED_MS
      ? ['nobody was told 503 in good time']
      : []),
    ...others.map((status) => `${answers[Number(status)]} answers were ${status}`),
    ...(unanswered > 0 ? [`${unanswered} requests got no answer long after it had gone`] : []),
    ...(withoutRetryAfter > 0 ? [`${withoutRetryAfter} answers 503 had no Retry-After`] : []),
    ...(slowestMs > 2_000 ? [`an answer took ${Math.round(slowestMs)} ms`] : []),
    ...(recoveredMs > 30_000 ? [`it took ${Math.round(recoveredMs)} ms to recover`] : []),
    ...(residentMb.highest > residentMb.before + 100
      ? [`memory grew from ${residentMb.before} to ${residentMb.highest} MB`]
      : []),
    ...lost.slice(0, 10).map((name) => `${name} was acknowledged and is on no topic`),
    ...surplus.slice(0, 10).map((name) => `${name} is there more often than sent`),
  ];
}
