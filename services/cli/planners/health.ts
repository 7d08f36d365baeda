// How the parts behind the query API are, as the first page tells it: the database, and the stages that this process sees.
import { roughLag, type GroupReads } from '#core/lag.ts';
import type { LogReader } from '#core/log/port.ts';
import type { OverviewAnswer } from '../../portal/api/answers.ts';
import { count } from '../count.ts';

export type Health = OverviewAnswer['health'];

export interface HealthParts {
  /** The log, where its groups may be seen; undefined while it is not open. */
  readonly log: () => Pick<LogReader, 'topics' | 'committed' | 'read'> | undefined;
  /** Stages by name, in flow order. */
  readonly groups: readonly (GroupReads & { readonly name: string })[];
  /** Monotonic, milliseconds. */
  readonly clock: () => number;
}

/** More than that is more than what comes and goes. */
const behindRecords = 1_000;
/** The archive lets that much gather, for minutes. */
const gatheringRecords = 100_000;
const rememberMs = 1_000;

/** However many ask, the log is asked once a second. It answers even while the log does not. */
export function createHealth({ log, groups, clock }: HealthParts): () => Promise<Health> {
  let lookedAt = -Infinity;
  let known: Promise<Health> = Promise.resolve([]);

  async function look(): Promise<Health> {
    const current = log();
    if (current === undefined) return groups.map(({ name }) => away(name));
    const lags = await Promise.all(
      groups.map((group) => roughLag(current as LogReader, [group]).catch(() => null)),
    );
    return groups.map(({ name }, i) => {
      const lag = lags[i] ?? null;
      if (lag === null) return away(name);
      const isBehind = lag > (name === 'archive' ? gatheringRecords : behindRecords);
      const says = isBehind ? `${count(lag)} records wait for it` : 'keeps up';
      return { part: name, state: isBehind ? 'behind' : 'well', says, lag };
    });
  }

  return () => {
    if (clock() - lookedAt >= rememberMs) {
      lookedAt = clock();
      known = look();
    }
    return known;
  };
}

function away(part: string): Health[number] {
  return { part, state: 'away', says: 'it cannot be seen how far it is', lag: null };
}
