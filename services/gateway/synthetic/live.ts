// The same world played against the clock, for a demonstration: first what the last hours brought, then live.
import type { SyntheticEvent } from './event.ts';
import { generate } from './generate.ts';
import { describeWorldEvent, intensity } from './intensity.ts';
import { shippedProvider, type Provider } from './provider.ts';
import { rhythm } from './rhythm.ts';
import { stagedOutage, worldEvents, type WorldEvent } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** So long one waits at most before looking at the clock and the signal again. */
const LOOK_MS = 250;
const STAGED_AREA = 'Harbour North';
const STAGED_AFTER_MS = 20_000;
const STAGED_LASTS_MS = 25 * MINUTE_MS;
/** A demonstration by night starts as lively as by day, but the day after must not drown in it. */
const QUIETEST = 0.35;

/** `clock` gives ms since the epoch; `sleep` waits that many ms, or less when the signal is aborted. */
export interface LiveOptions {
  readonly seed: number;
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
  /** How fast the world's time runs against the clock. Above 1 it runs ahead of it. Default 1. */
  readonly speedup?: number;
  /** First said per second of the clock at the beginning; updates, replies and events come on top. Default 8. */
  readonly perSecond?: number;
  /** How much of the past comes first, as fast as it is taken. Default 2 hours of the world. */
  readonly backlogMs?: number;
  readonly provider?: Provider;
}

export interface Live {
  readonly events: AsyncGenerator<SyntheticEvent, void, undefined>;
  /** What goes on in the world at this moment, in short sentences, the loudest first. */
  readonly headlines: () => readonly string[];
}

/**
 * Plays the world. An outage begins in Harbour North 20 s (of the clock) after the call, so that one is
 * seen; it lasts 25 minutes of the world. Ends when the signal is aborted. A slow reader is never overrun:
 * it gets everything, later.
 */
export function liveEvents(options: LiveOptions): Live {
  const {
    seed,
    clock,
    sleep,
    signal,
    speedup = 1,
    perSecond = 8,
    backlogMs = 2 * HOUR_MS,
  } = options;
  const provider = options.provider ?? shippedProvider();
  if (!(speedup > 0)) throw new RangeError('speedup must be above 0');
  const beganAt = clock();
  const worldNow = (): number => beganAt + (clock() - beganAt) * speedup;
  const startsAt = beganAt + STAGED_AFTER_MS * speedup;
  const shown = stagedOutage(
    provider,
    provider.areas.some((area) => area.name === STAGED_AREA)
      ? STAGED_AREA
      : (provider.areas[0]?.name ?? ''),
    { startsAt, endsAt: startsAt + STAGED_LASTS_MS, rampMs: 2 * MINUTE_MS },
    14,
    -1_001,
  );
  const busy = Math.max(QUIETEST, rhythm(beganAt, provider.utcOffsetMs));
  const ratePerHour = (perSecond * 3_600) / (speedup * busy);

  async function* play(): AsyncGenerator<SyntheticEvent, void, undefined> {
    const span = {
      seed,
      from: beganAt - backlogMs,
      to: Infinity,
      ratePerHour,
      provider,
      staged: [shown],
    };
    for (const event of generate(span)) {
      while (!signal.aborted && event.at > worldNow()) {
        await sleep(Math.min(LOOK_MS, Math.max(1, (event.at - worldNow()) / speedup)));
      }
      if (signal.aborted) return;
      yield event;
    }
  }

  return { events: play(), headlines: () => headlines(seed, provider, worldNow(), [shown]) };
}

/** What goes on at a moment (ms), in short sentences, the loudest first; `staged` as given to `generate`. */
export function headlines(
  seed: number,
  provider: Provider,
  now: number,
  staged: readonly WorldEvent[] = [],
): readonly string[] {
  return [...worldEvents(seed, provider, now, now + 1), ...staged]
    .map((event) => ({ event, volume: intensity(event, now, provider) }))
    .filter(({ event, volume }) => volume > 0.005 && event.startsAt <= now)

    .toSorted((left, right) => right.volume - left.volume)
    .map(({ event }) => describeWorldEvent(event, now, provider));
}
