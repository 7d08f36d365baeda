// What a demonstration begins with: ninety days of the made-up provider's past, so that weeks can be compared, and its
// rollout plan. Both only where there is nothing yet.
import type { Log } from '#core/log/port.ts';
import type { Db } from '#core/store/postgres.ts';
import type { SyntheticEvent } from '../gateway/synthetic/event.ts';
import { historyEvents } from '../gateway/synthetic/history.ts';
import { shippedProvider } from '../gateway/synthetic/provider.ts';
import { createBuilt, rolloutCsv } from '../gateway/synthetic/rollout.ts';
import { importWaves, listWaves } from '../portal/waves/store-waves.ts';
import { intakeTopics } from '../topology.ts';

export interface DemoPast {
  readonly seed: number;
  /** When the demonstration began, ms since the epoch. */
  readonly now: number;
  /** How much of the past before `now` the live events tell themselves. */
  readonly backlogMs: number;
  /** Ends it; the live events end by themselves. */
  readonly signal: AbortSignal;
}

/** The past, where the log holds no record yet, then what is live; what finished waves have answered is not among it. */
export async function* withPast(
  live: AsyncIterable<SyntheticEvent>,
  log: Pick<Log, 'topics'>,
  { seed, now, backlogMs, signal }: DemoPast,
): AsyncGenerator<SyntheticEvent, void, undefined> {
  if (await isUntouched(log)) {
    for (const event of historyEvents({ seed, now, to: now - backlogMs })) {
      if (signal.aborted) return;
      yield event;
    }
  }
  const built = createBuilt(now, shippedProvider());
  for await (const event of live) if (!built.isAnswered(event)) yield event;
}

async function isUntouched(log: Pick<Log, 'topics'>): Promise<boolean> {
  const intake = new Set(intakeTopics.map(({ name }) => name));
  return (await log.topics())
    .filter(({ name }) => intake.has(name))
    .every(({ partitions }) => partitions.every(({ end }) => end === 0));
}

/**
 * The provider's plan, unless there is one; as soon as the database is ready. A demonstration that is ended does not wait
 * for it.
 * @throws SignpostError as `Db` does.
 */
export async function planDemoRollout(
  { db, ready }: { readonly db: Db; readonly ready: Promise<void> },
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const ended = signal.aborted
    ? Promise.resolve()
    : new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  const planned = ready.then(() => (signal.aborted ? undefined : planWhereNone(db, now)));
  // Of a database that closes nobody wants to hear.
  planned.catch(() => {});
  await Promise.race([planned, ended]);
}

async function planWhereNone(db: Db, now: number): Promise<void> {
  if ((await listWaves(db)).length > 0) return;
  const options = { replace: 'none', dryRun: false, now } as const;
  const done = await importWaves(db, Buffer.from(rolloutCsv(now)), options);
  if (!done.ok) throw new Error(`The demonstration's plan is wrong: ${done.flaws[0]?.detail}`);
}
