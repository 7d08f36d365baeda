// Records of the archive go to a topic in portions, each with how far the replay is in one transaction: a replay that was cut
// off goes on behind the last portion.
import type { Log, OutgoingRecord } from '#core/log/port.ts';
import { generationOf } from '../../../archive/generations.ts';
import type { HeldRange } from './holdings.ts';
import { interrupted } from './load-rows.ts';
import type { Pace } from './pace.ts';

export interface Portions {
  /** Takes the record of the row at `offset` of `range`; writes what waits when that is a portion. @throws SignpostError `interrupted` */
  add(record: OutgoingRecord, range: HeldRange, offset: number): Promise<void>;
  /** Writes what waits. @throws SignpostError `interrupted` */
  flush(): Promise<void>;
  /** Records written; in a dry run, that would be. */
  written(): number;
}

export interface PortionsParts {
  readonly log: Pick<Log, 'append'>;
  /** Checkpoint that says how far it is, for `leftOf`. */
  readonly key: string;
  readonly pace: Pace;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

const portion = 500;

export function createPortions({ log, key, pace, dryRun, signal }: PortionsParts): Portions {
  let waiting: OutgoingRecord[] = [];
  let at = '';
  let written = 0;
  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    const began = performance.now();
    const records = waiting;
    waiting = [];
    written += records.length;
    if (!dryRun) await log.append(records, { checkpoints: { [key]: at } });
    await pace.after(records.length, performance.now() - began);
    if (signal.aborted) throw interrupted();
  }
  return {
    async add(record, { topic, partition }, offset) {
      waiting.push(record);
      at = JSON.stringify([topic, partition, offset]);
      if (waiting.length >= portion) await flush();
    },
    flush,
    written: () => written,
  };
}

/** Partitions of earlier topics, by generation and number, from where a checkpoint says that a replay stood. */
export function leftOf(
  ranges: readonly HeldRange[],
  newest: number,
  before: string | null,
): readonly { readonly range: HeldRange; readonly after: number | undefined }[] {
  const [topic, partition, offset] =
    before === null || before === '' ? [] : (JSON.parse(before) as [string, number, number]);
  const order = ({ topic: of }: HeldRange): number => generationOf(of).generation;
  const all = ranges
    .filter((range) => order(range) <= newest)
    .toSorted((a, b) => order(a) - order(b) || a.partition - b.partition);
  const at = all.findIndex((range) => range.topic === topic && range.partition === partition);
  return all
    .slice(Math.max(0, at))
    .map((range, index) => ({ range, after: at >= 0 && index === 0 ? offset : undefined }));
}
