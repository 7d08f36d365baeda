// Whether department streams agree, the review list among them. Every copy of an insight names all departments that
// received it and those it is unsure for, so whatever two streams say of each other must be the same ids. Kept as counts
// and sums of hashes: memory is of the departments alone.
import type { LogReader, ReceivedRecord } from '#core/log/port.ts';
import { insightsOf, insightsUnsure } from '../../topology.ts';
import { hashOf } from './id-set.ts';
import type { Range } from './ranges.ts';

export interface DepartmentTotals {
  /** Insights that the streams say the department received: `found - foreign + missing`. */
  readonly expected: number;
  /** Insights on its stream. */
  readonly found: number;
  /** At least so many that others say it received are not on its stream. */
  readonly missing: number;
  /** On its stream without naming it. */
  readonly foreign: number;
}

export interface Agreement {
  readonly departments: Readonly<Record<string, DepartmentTotals>>;
  readonly agree: boolean;
}

export interface DepartmentLedger {
  /** The first copy of an insight on the stream of `department`. */
  copy(department: string, record: ReceivedRecord): void;
  close(): Agreement;
}

/** A set of ids, as far as two of them are to be compared: 2^64 sums make a chance agreement negligible. */
interface Sum {
  count: number;
  high: number;
  low: number;
}

const noIds: Readonly<Sum> = { count: 0, high: 0, low: 0 };

export function createDepartmentLedger(): DepartmentLedger {
  const found = new Map<string, number>();
  /** By stream and named department: the ids of the stream's copies that name it. */
  const named = new Map<string, Map<string, Sum>>();

  function sumsOf(department: string): Map<string, Sum> {
    let sums = named.get(department);
    if (sums === undefined) named.set(department, (sums = new Map<string, Sum>()));
    return sums;
  }

  const sumOf = (stream: string, department: string): Readonly<Sum> =>
    named.get(stream)?.get(department) ?? noIds;

  /** How many of the department's insights are known by the stream of another alone; at least so many. */
  function missingBeside(department: string, other: string): number {
    const there = sumOf(other, department);
    const here = sumOf(department, other);
    if (there.count > here.count) return there.count - here.count;
    const isSame = there.high === here.high && there.low === here.low;
    return there.count < here.count || isSame ? 0 : 1;
  }

  return {
    copy(department, { value, headers }) {
      const receivers = value === null ? undefined : receiversOf(value);
      if (receivers === undefined) return;
      found.set(department, (found.get(department) ?? 0) + 1);
      const sums = sumsOf(department);
      const { high, low } = hashOf(headers['ce_id'] ?? '');
      for (const receiver of receivers) {
        let sum = sums.get(receiver);
        if (sum === undefined) sums.set(receiver, (sum = { ...noIds }));
        sum.count += 1;
        sum.high = (sum.high + high) >>> 0;
        sum.low = (sum.low + low) >>> 0;
      }
    },

    close() {
      const namedAnywhere = [...named.values()].flatMap((sums) => [...sums.keys()]);
      const names = new Set([...found.keys(), ...namedAnywhere]);
      const departments: Record<string, DepartmentTotals> = {};
      let agree = true;
      for (const name of [...names].toSorted()) {
        const meant = sumOf(name, name).count;
        const missing = Math.max(
          0,
          ...[...names]
            .filter((other) => other !== name)
            .map((other) => missingBeside(name, other)),
        );
        const here = found.get(name) ?? 0;
        const foreign = here - meant;
        if (missing + foreign > 0) agree = false;
        departments[name] = { expected: meant + missing, found: here, missing, foreign };
      }
      return { departments, agree };
    },
  };
}

/** The department that a stream is of. */
export function departmentOf(topic: string): string {
  return topic.split('.')[1] ?? topic;
}

/** What the review list is called among departments; none can have the name. */
const unsureList = departmentOf(insightsUnsure.name);

/** Streams that have their copy. Undefined for what does not decode: `tail` shows it. */
function receiversOf(value: Uint8Array): ReadonlySet<string> | undefined {
  try {
    const { sharedWith, unsure } = insightStream.codec.decode(value);
    return new Set([...(sharedWith ?? []), ...(unsure === null ? [] : [unsureList])]);
  } catch {
    return undefined;
  }
}

/** All department streams have one codec and one retention, and so has the review list. */
const insightStream = insightsOf('any');
/** Copies follow one order in all streams, and their times nearly so: as late as a backlog is worked off. */
const disorderMs = 86_400_000;

/**
 * Time from which on no stream has lost anything to retention, milliseconds since the epoch. Streams forget in
 * portions, so that one may still hold what another has forgotten.
 */
export async function heldByAllSince(
  log: LogReader,
  streams: readonly Range[],
  now: number,
): Promise<number> {
  let since = -Infinity;
  for (const { topic, partition, start, end } of streams) {
    if (start === 0) continue;
    const { records } = await log.read(topic, partition, start, { maxRecords: 1 });
    const first = start < end ? records[0]?.timestamp : undefined;
    since = Math.max(since, (first ?? now - insightStream.retentionMs) + disorderMs);
  }
  return since;
}
