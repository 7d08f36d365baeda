// The past of the fictional provider, thin enough to be taken in within seconds: what a map needs to have weeks to show.
import type { SyntheticEvent } from './event.ts';
import { generate } from './generate.ts';
import { shippedProvider, type Provider } from './provider.ts';
import { createBuilt } from './rollout.ts';
import { DAY_MS } from './world.ts';

export interface HistoryOptions {
  readonly seed: number;
  /** When it is told, ms since the epoch. */
  readonly now: number;
  /** Where it ends and somebody else goes on. */
  readonly to: number;
  /** How far it goes back from `now`. Default 90. */
  readonly days?: number;
  /** As of `generate`. Default 4: some 26,000 records in 90 days, 4,500 of them new tickets. */
  readonly ratePerHour?: number;
  readonly provider?: Provider;
}

/** In order of `at`; without the complaints that finished waves have answered (rollout.ts). */
export function* historyEvents(
  options: HistoryOptions,
): Generator<SyntheticEvent, void, undefined> {
  const { seed, now, to, days = 90, ratePerHour = 4 } = options;
  const provider = options.provider ?? shippedProvider();
  const built = createBuilt(now, provider);
  for (const event of generate({ seed, from: now - days * DAY_MS, to, ratePerHour, provider }))
    if (!built.isAnswered(event)) yield event;
}
