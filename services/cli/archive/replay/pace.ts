// How fast a replay goes: at most so many records a second, or else never more than half of the time, so that whoever
// works with the same database and log has the other half.

export interface Pace {
  /** Called when a portion is done. Waits, or returns early when the signal aborts. */
  after(records: number, tookMs: number): Promise<void>;
}

export interface PaceOptions {
  /** Records a second at most; undefined: half of the time. */
  readonly rate?: number | undefined;
  /** Whether nobody else can be at work here: then no time is left to others. */
  readonly isAlone: boolean;
  /** Waits, or returns early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

const mostRestMs = 5_000;

export function createPace({ rate, isAlone, sleep, signal }: PaceOptions): Pace {
  return {
    async after(records, tookMs) {
      if (rate !== undefined) await sleep(Math.max(0, (1000 * records) / rate - tookMs), signal);
      else if (!isAlone) await sleep(Math.min(mostRestMs, tookMs), signal);
    },
  };
}
