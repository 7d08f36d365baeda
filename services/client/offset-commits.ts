// Offsets on their way to where a group's are kept: the newest of each partition, one write at a time, repeated until
// it succeeds. A late commit repeats records, it never loses any.
import { setTimeout as delay } from 'node:timers/promises';

export interface OffsetCommitsOptions {
  readonly write: (offsets: ReadonlyMap<number, number>) => Promise<void>;
  /** Least time between two writes. */
  readonly intervalMs: number;
  /** Time after a failed write. */
  readonly retryMs: number;
  readonly onFailure: (error: unknown) => void;
}

export class OffsetCommits {
  readonly #options: OffsetCommitsOptions;
  readonly #hurry = new AbortController();
  #pending = new Map<number, number>();
  #running = false;
  #run: Promise<void> = Promise.resolve();

  constructor(options: OffsetCommitsOptions) {
    this.#options = options;
  }

  /** `offset` is the next to be read. */
  add(partition: number, offset: number): void {
    this.#pending.set(partition, offset);
    if (this.#running || this.#hurry.signal.aborted) return;
    this.#running = true;
    this.#run = this.#work();
  }

  /** The partition is somebody else's now, and so is its offset. */
  forget(partition: number): void {
    this.#pending.delete(partition);
  }

  /** Writes what is pending, once; resolves also when that fails. */
  async close(): Promise<void> {
    this.#hurry.abort();
    await this.#run;
    await this.#write();
  }

  async #work(): Promise<void> {
    const { intervalMs, retryMs } = this.#options;
    const { signal } = this.#hurry;
    while (this.#pending.size > 0 && !signal.aborted) {
      const written = await this.#write();
      await delay(written ? intervalMs : retryMs, undefined, { signal }).catch(() => undefined);
    }
    this.#running = false;
  }

  async #write(): Promise<boolean> {
    const offsets = new Map(this.#pending);
    if (offsets.size === 0) return true;
    try {
      await this.#options.write(offsets);
    } catch (error) {
      this.#options.onFailure(error);
      return false;
    }
    for (const [partition, offset] of offsets) {
      if (this.#pending.get(partition) === offset) this.#pending.delete(partition);
    }
    return true;
  }
}
