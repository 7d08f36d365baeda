// What rows are stripped of as they are archived: the words of whoever is erased by now.
import type { ObjectStore } from '#core/objects/port.ts';
import { createErased, readErasures } from './erasures.ts';
import { erasuresPrefix } from './layout.ts';
import { stripRow } from './strip.ts';
import type { Strip } from './write-chunk.ts';

/** Asked before each chunk. Erasures are read again only where their listing has changed. */
export function createStripNow(store: ObjectStore): () => Promise<Strip> {
  let read = '';
  let strip: Strip = (_, row) => row;
  return async () => {
    let listed = '';
    for await (const { key, etag } of store.list(erasuresPrefix)) listed += `${key} ${etag}\n`;
    if (listed === read) return strip;
    const erased = createErased(await readErasures(store));
    strip = (dataset, row) => stripRow(dataset, row, erased);
    read = listed;
    return strip;
  };
}
