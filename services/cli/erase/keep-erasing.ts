// A pass of the erasures that are under way, for the keeper of a cluster's archive: opens what it takes only where somebody
// is to be erased.
import type { ObjectStore } from '#core/objects/port.ts';
import { readErasures } from '../../archive/erasures.ts';
import type { Config } from '../config.ts';
import type { LogAt } from '../open-log.ts';
import { erasePass } from './erase-pass.ts';
import { openPlaces } from './open-places.ts';
import { createPassMemory } from './pass-parts.ts';
import { knownKeys } from './who.ts';

export function keepErasing(
  objects: ObjectStore,
  at: LogAt,
  config: Config,
): (signal: AbortSignal) => Promise<void> {
  const memory = createPassMemory();
  return async (signal) => {
    const erasures = await readErasures(objects);
    if (erasures.every(({ doneAt }) => doneAt !== null)) return;
    const keys = knownKeys(at, config);
    const places = await openPlaces({
      at,
      config,
      keys,
      raw: () => undefined,
      mode: 'erase',
      signal,
    });
    try {
      await erasePass({ ...places.parts, memory });
    } finally {
      await places.close();
    }
  };
}
