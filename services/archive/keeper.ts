// The job beside the archive stage: every few minutes one of its copies sees to the archive.
import { SignpostError } from '#core/errors.ts';
import { keepTrying } from '#core/keep-trying.ts';
import { createSeen, keepDays, type KeepParts, type Kept } from './keep-days.ts';
import { keeperLeaseKey } from './layout.ts';
import { withLease, type LeaseParts } from './lease.ts';

export interface KeeperParts
  extends Omit<KeepParts, 'signal'>, Pick<LeaseParts, 'owner' | 'sleep' | 'signal'> {
  readonly everyMs: number;
  /**
   * What else is to be done under the lease, before the days are seen to: erasures that are under way. It is to end soon
   * when the signal aborts.
   */
  readonly first?: (signal: AbortSignal) => Promise<void>;
}

/** A killed keeper is relieved after so long. */
export const keeperLeaseMs = 5 * 60_000;

/** Sees to the archive until `signal` aborts. @throws bugs alone: what fails outside is logged and tried again. */
export async function keepArchive(parts: KeeperParts): Promise<void> {
  const { store, owner, now, sleep, signal, logger, everyMs, first } = parts;
  const seen = createSeen();
  await keepTrying(
    async () => {
      const lease = {
        store,
        key: keeperLeaseKey,
        owner,
        lastsMs: keeperLeaseMs,
        now,
        sleep,
        signal,
      };
      const done = await withLease(lease, async (leased) => {
        await before(leased);
        return keepDays({ ...parts, signal: leased }, seen);
      });
      if (done.kind === 'worked') say(logger, done.value);
      return everyMs;
    },
    { logger, sleep, signal },
  );

  /** A database that is away keeps nobody from seeing to the files. */
  async function before(leased: AbortSignal): Promise<void> {
    try {
      await first?.(leased);
    } catch (error) {
      if (!(error instanceof SignpostError)) throw error;
      logger.warn({ code: error.code }, `${error.message}; trying again in a while`);
    }
  }
}

function say(logger: KeeperParts['logger'], kept: Kept): void {
  const { files, made, rows, deleted, orphans, rejectedRows } = kept;
  if (files > 0) logger.info({ files, made, rows }, 'small files of the archive became fewer');
  if (deleted > 0) logger.info({ deleted }, 'files that do not count any more are deleted');
  if (orphans > 0) logger.info({ orphans }, 'files that never counted are retired');
  if (rejectedRows > 0)
    logger.info({ rejectedRows }, 'dead letters are older than the erasure deadline and retired');
}
