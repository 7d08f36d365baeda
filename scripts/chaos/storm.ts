// One storm: copies of every service on a cluster of its own, senders that journal what was acknowledged, faults by
// plan; then calm, the backlog timed, and the oracle over every topic. All it starts is ended, however it ends.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { seeded } from '../../test/support/adversary.ts';
import { judge, type Judgement } from '../../test/support/cluster-oracle.ts';
import { readStreams, type SchemaIds } from '../../test/support/cluster-streams.ts';
import { openJournal, readJournal } from '../../test/support/journal.ts';
import { openCluster } from './cluster.ts';
import { createCopies } from './copies.ts';
import { createLag } from './lag.ts';
import { planOf, type PlanOptions } from './plan.ts';
import { createSenders } from './senders.ts';
import { createStriker, type Struck } from './striker.ts';

export interface StormOptions extends PlanOptions {
  /** Draws events, batches and faults; what the machine makes of their timing is not in it. */
  readonly seed: number;
  readonly events: number;
  readonly keys: number;
  readonly partitions: number;
  /** Events are sent no faster than evenly over so long. */
  readonly durationMs: number;
  /** Of each stage; of the gateway two at most. */
  readonly copies: number;
  readonly brokers: 1 | 3;
  /** All stages in one process, chained. */
  readonly fused: boolean;
  readonly sessionTimeoutMs: number;
  /** Where the checkout stands. */
  readonly root: string;
  /** One of the release after it, to run copies of both at once. */
  readonly nextRelease?: string;
  readonly signal: AbortSignal;
  /** Told what happens, a line each. */
  readonly say: (line: string) => void;
  /** Leave journal, logs and data behind. */
  readonly keep: boolean;
}

export interface StormReport {
  readonly seed: number;
  readonly struck: Struck;
  /** Attempts that got no answer or 503, and how many of them got 503. */
  readonly repeated: number;
  readonly refused: number;
  /** From the end of the last fault until all was acknowledged and no stage was behind. */
  readonly drainMs: number;
  readonly sendingMs: number;
  readonly wallMs: number;
  readonly judgement: Judgement;
  /** Records of each schema id, by topic. */
  readonly schemaIds: SchemaIds;
  /** Whether `signpost reconcile` on the living cluster found the books balanced. */
  readonly reconciled: boolean;
  /** What else must not happen: processes that ended by themselves, or not cleanly on SIGTERM. */
  readonly misbehaved: readonly string[];
  /** Where everything stands, if it was kept. */
  readonly folder: string | undefined;
}

const MOST_DRAIN_MS = 300_000;
/** Then the next fault strikes though nothing is acknowledged. */
const MOST_WAIT_MS = 30_000;
const STOP_MS = 40_000;

export async function runStorm(options: StormOptions): Promise<StormReport> {
  const { seed, partitions, copies: count, brokers, fused, root, signal, say, keep } = options;
  const { sessionTimeoutMs, nextRelease } = options;
  const begun = performance.now();
  const random = seeded(seed);
  const plan = planOf(options, random);
  const cluster = await openCluster({ root, brokers, partitions, sessionTimeoutMs });
  const { config, env, logs, client } = cluster;
  const copies = createCopies({ root, config, env, logs });
  const over = new AbortController();
  const stopped = AbortSignal.any([signal, over.signal]);
  const journalPath = join(cluster.folder, 'journal.jsonl');
  const journal = openJournal(journalPath);
  const lag = createLag(client);
  try {
    const stages = fused ? ['normalize+classify+publish'] : ['normalize', 'classify', 'publish'];
    const services = ['gateway', ...stages];
    const releases = nextRelease === undefined ? [root] : [root, nextRelease];
    const first = services.flatMap((service) =>
      Array.from({ length: service === 'gateway' ? Math.min(2, count) : count }, (_, i) =>
        copies.start(service, releases[i % releases.length]),
      ),
    );
    await Promise.all(first.map(({ ready }) => ready));
    say(`${first.length} processes run after ${seconds(performance.now() - begun)}`);

    const urls = (): readonly string[] => copies.all.flatMap(({ url }) => url ?? []);
    const sent = { ...options, random, journal, urls, kafka: client, signal: stopped };
    const senders = createSenders(sent);
    const sendingSince = performance.now();
    let sendingMs = 0;
    const sending = (async () => {
      await senders.run();
      sendingMs = performance.now() - sendingSince;
    })();
    // Told below, or by the oracle.
    sending.catch(() => over.abort());
    const striker = createStriker({
      cluster,
      copies,
      services,
      releases,
      sessionTimeoutMs,
      say,
    });
    // Of two releases each has its say before the first copy is killed.
    const patient = performance.now() + (nextRelease === undefined ? 0 : MOST_WAIT_MS);
    while (performance.now() < patient && !stopped.aborted) {
      await pause(500);
      if (senders.acknowledged > 0 && (await lag.read()) === 0) break;
    }
    for (const strike of plan) {
      const due = strike.at * options.events;
      const patience = performance.now() + MOST_WAIT_MS;
      while (senders.acknowledged < due && performance.now() < patience && !stopped.aborted)
        await pause(20);
      if (stopped.aborted) break;
      // What cannot even start would be struck for hours.
      if (copies.all.length === 0 && copies.died.length > 0)
        throw new Error(`Nothing runs any more: ${copies.died.at(-1)}`);
      striker.strike(strike);
    }
    await striker.calm();
    const calmSince = performance.now();
    say(`calm; ${senders.acknowledged} acknowledged, ${await lag.read()} behind`);
    await sending;
    signal.throwIfAborted();
    let behind = Infinity;
    while ((behind = await lag.read()) > 0) {
      if (performance.now() - calmSince > MOST_DRAIN_MS)
        throw new Error(`${behind} are still waiting ${seconds(MOST_DRAIN_MS)} after the storm`);
      say(`${behind} behind`);
      await pause(500, undefined, { signal });
    }
    const drainMs = performance.now() - calmSince;
    say(`drained within ${seconds(drainMs)}`);

    const misbehaved = [...striker.misbehaved];
    const reconciled = await cluster.signpost('reconcile', '--json').then(
      ({ code, stdout }) => code === 0 && (JSON.parse(stdout) as Books).balanced,
      (error: Error) => {
        misbehaved.push(error.message);
        return false;
      },
    );
    await Promise.all(
      copies.all.map(async (copy) => {
        const { code, told } = await copy.stop(STOP_MS);
        if (code !== 0) misbehaved.push(`When told to stop, ${copy.name} ${told}`);
      }),
    );
    await journal.close();
    const newest = nextRelease ?? root;
    const { schemaIds, ...streams } = await readStreams({
      kafka: client,
      root: newest,
      withSignals: true,
    });
    const judgement = judge(readJournal(journalPath), streams);
    return {
      seed,
      struck: striker.struck,
      repeated: senders.repeated,
      refused: senders.refused,
      drainMs,
      sendingMs,
      wallMs: performance.now() - begun,
      judgement,
      schemaIds,
      reconciled,
      misbehaved: [...misbehaved, ...copies.died],
      folder: keep ? cluster.folder : undefined,
    };
  } finally {
    over.abort();
    await Promise.allSettled([copies.close(), lag.close(), journal.close()]);
    await cluster.close(keep);
  }
}

interface Books {
  readonly balanced: boolean;
}

/** Sentences for what did not hold; none when the storm was survived. */
export function complaintsAbout(report: StormReport): readonly string[] {
  const { judgement, reconciled, misbehaved, drainMs } = report;
  const { accepted, insights, dropped, rejected, faults, counts } = judgement;
  const found = Object.entries(counts).filter(([, count]) => count > 0);
  return [
    ...found.map(([kind, count]) => `${count} ${kind}`),
    ...faults.slice(0, 20).map(({ kind, hop, what }) => `${kind} at ${hop}: ${what}`),
    ...(accepted === insights + dropped + rejected
      ? []
      : [`accepted ${accepted} is not ${insights} + ${dropped} + ${rejected}`]),
    ...(reconciled ? [] : ['signpost reconcile does not find the books balanced']),
    ...(drainMs <= 60_000 ? [] : [`the backlog took ${seconds(drainMs)} to drain`]),
    ...misbehaved,
  ];
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
