// A log that does what a log may do on its worst day: redelivers, rebalances, refuses, delays, and crashes at a chosen
// step. Whoever reads through it must end with the same output as without it.
import { setTimeout as sleep } from 'node:timers/promises';
import { SignpostError } from '../../services/core/errors.ts';
import type { Batch, Log, SubscribeOptions, Subscription } from '../../services/core/log/port.ts';

export interface Mischief {
  /** 0 ≤ x < 1; seeded, so that a failure can be repeated. */
  readonly random: () => number;
  /** Chance that a batch is taken back when it is to be committed; the caller sees `fenced`. */
  readonly redeliver?: number;
  /** Chance that the member leaves and joins again when it asks for a batch; its batches are fenced. */
  readonly rebalance?: number;
  /** Chance that a commit is refused with `claim-conflict`, the batch staying out. */
  readonly conflict?: number;
  /** Longest delay of a commit; 0 or absent means none. */
  readonly delayMs?: number;
  /** The step, counted from 1, at which everything stops as if the process were killed; absent means never. */
  readonly crashAt?: number;
}

/** Thrown by every call from the crash on; what was on disk stays, nothing else does. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export interface Adversary {
  readonly log: Log;
  /** Steps done so far: there is one before and one after everything that changes the log. */
  readonly steps: number;
  readonly crashed: boolean;
}

export function createAdversary(log: Log, mischief: Mischief): Adversary {
  const { random, redeliver = 0, rebalance = 0, conflict = 0, delayMs = 0, crashAt = 0 } = mischief;
  let steps = 0;
  let crashed = false;

  function step(name: string): void {
    steps += 1;
    if (steps === crashAt) crashed = true;
    if (crashed) throw new Crash(`Crashed ${name}`);
  }

  /** Something that changes the log; a crash may come before it is done, or after and before anybody hears of it. */
  async function change<T>(name: string, action: () => Promise<T>): Promise<T> {
    step(`before ${name}`);
    const result = await action();
    step(`after ${name}`);
    return result;
  }

  function spoil(batch: Batch): Batch {
    return {
      ...batch,
      claim: (claims) => change('claim', () => batch.claim(claims)),
      release: () => change('release', () => batch.release()),
      async commit(outputs, options) {
        if (delayMs > 0) await sleep(random() * delayMs);
        if (random() < redeliver) {
          await change('redelivery', () => batch.release());
          throw new SignpostError('fenced', 'The adversary took the batch back');
        }
        if (random() < conflict) {
          throw new SignpostError('claim-conflict', 'The adversary claims a conflict');
        }
        await change('commit', () => batch.commit(outputs, options));
      },
    };
  }

  async function subscribe(options: SubscribeOptions): Promise<Subscription> {
    let inner = await log.subscribe(options);
    let closed = false;
    // Several may ask at once. Of two members that joined, one would be forgotten and keep its partitions.
    let rejoining: Promise<void> | undefined;
    const rejoin = async (): Promise<void> => {
      await inner.close();
      inner = await log.subscribe(options);
    };
    return {
      async next(signal) {
        if (!closed && random() < rebalance)
          rejoining ??= rejoin().finally(() => (rejoining = undefined));
        await rejoining;
        const batch = await inner.next(signal);
        if (crashed) throw new Crash('Crashed while waiting');
        return batch === null ? null : spoil(batch);
      },
      async close() {
        closed = true;
        await rejoining;
        await inner.close();
      },
    };
  }

  return {
    log: {
      ...log,
      ensureTopics: (specs) => change('ensureTopics', () => log.ensureTopics(specs)),
      append: (records, options) => change('append', () => log.append(records, options)),
      subscribe: (options) => change('subscribe', () => subscribe(options)),
    },
    get steps() {
      return steps;
    },
    get crashed() {
      return crashed;
    },
  };
}

/**
 * Runs `work` against `open`'s log, crashing at step 1, then 2, and so on, reopening after each crash, until a run gets
 * through without reaching its step. Answers how many crashes there were.
 */
export async function crashEverywhere(
  open: () => Promise<Log>,
  mischief: Omit<Mischief, 'crashAt'>,
  work: (log: Log) => Promise<void>,
): Promise<number> {
  for (let crashes = 0; ; crashes += 1) {
    const log = await open();
    const adversary = createAdversary(log, { ...mischief, crashAt: crashes + 1 });
    try {
      await work(adversary.log);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    } finally {
      await log.close();
    }
    if (!adversary.crashed) return crashes;
  }
}

/** Numbers of mulberry32 (Tommy Ettinger): the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
