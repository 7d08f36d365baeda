// The records of one partition on their way through a handler: in order, one call at a time, repeated until the
// handler takes them. Nothing is skipped, and no lane waits for another.
import { setTimeout as delay } from 'node:timers/promises';
import type { ReceivedRecord } from '#core/log/port.ts';
import type { ProcessRecords } from './delivery.ts';

/** How long to wait before a handler that threw is called again: doubling, half of it at random. */
export interface Backoff {
  readonly initialMs: number;
  readonly maxMs: number;
}

export interface LaneOptions {
  readonly process: ProcessRecords;
  /** Most records of one call. */
  readonly maxRecords: number;
  readonly backoff: Backoff;
  /** From 0 to 1, exclusive. */
  readonly random: () => number;
  /** All before `nextOffset` is through and may be committed. Comes in rising order. */
  readonly onDone: (nextOffset: number) => void;
  /** The record at `offset`, or the call that begins with it, failed; it comes again in `retryInMs`. */
  readonly onFailure: (failure: LaneFailure) => void;
  /** Nothing is handled before this resolves. */
  readonly after?: Promise<void>;
  /** Records have left the buffer. */
  readonly onDrain: () => void;
}

export interface LaneFailure {
  readonly offset: number;
  readonly attempt: number;
  readonly retryInMs: number;
  readonly error: unknown;
}

export class Lane {
  readonly #options: LaneOptions;
  readonly #stopped = new AbortController();
  #records: ReceivedRecord[] = [];
  /** Offset after the last one taken in: what comes again after a rebalance is not taken in twice. */
  #end = 0;
  #done = -1;
  #running = false;
  #run: Promise<void> = Promise.resolve();

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Records that wait or are being handled. */
  get buffered(): number {
    return this.#records.length;
  }

  /** Takes in what was read up to `nextOffset`, which may lie beyond the last record: transactions leave gaps. */
  push(records: readonly ReceivedRecord[], nextOffset: number): void {
    if (this.#stopped.signal.aborted) return;
    for (const record of records) if (record.offset >= this.#end) this.#records.push(record);
    this.#end = Math.max(this.#end, nextOffset);
    if (this.#running) return;
    this.#running = true;
    this.#run = this.#work();
  }

  /** Aborts the call under way and resolves once it has ended; what it got through still counts. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#run;
  }

  async #work(): Promise<void> {
    const { process, maxRecords, onDrain, after } = this.#options;
    const { signal } = this.#stopped;
    if (after !== undefined) await after;
    let attempt = 1;
    while (this.#records.length > 0 && !signal.aborted) {
      const first = this.#records[0]!.offset;
      try {
        const call = this.#records.slice(0, maxRecords);
        await process(call, { attempt, signal }, (nextOffset) => this.#through(nextOffset));
        attempt = 1;
      } catch (error) {
        if (signal.aborted) break;
        // A call that got somewhere before it failed is a first failure of the record it stands at now.
        if (this.#records[0]!.offset !== first) attempt = 1;
        await this.#wait(attempt, error);
        attempt += 1;
      }
      onDrain();
    }
    if (this.#records.length === 0) this.#through(this.#end);
    this.#running = false;
  }

  #through(nextOffset: number): void {
    let count = 0;
    while (count < this.#records.length && this.#records[count]!.offset < nextOffset) count += 1;
    this.#records.splice(0, count);
    if (nextOffset <= this.#done) return;
    this.#done = nextOffset;
    this.#options.onDone(nextOffset);
  }

  async #wait(attempt: number, error: unknown): Promise<void> {
    const { backoff, random, onFailure } = this.#options;
    const ceilingMs = Math.min(backoff.maxMs, backoff.initialMs * 2 ** Math.min(attempt - 1, 30));
    const retryInMs = Math.round((ceilingMs * (1 + random())) / 2);
    onFailure({ offset: this.#records[0]!.offset, attempt, retryInMs, error });
    await delay(retryInMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
  }
}
