// What a chunk holds is written down before its data, once and for ever: whoever comes later, after a crash or as a second
// owner of the partition, finds the range here and writes the same rows under the same keys.
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { chunkKey, chunkPrefix, offsetOfChunkKey, type OffsetRange } from './layout.ts';

export interface Intent extends OffsetRange {
  /** `ce_id` of the record at `from`: a topic made anew under the same name is known by it. */
  readonly first: string;
}

const intentSchema = z.strictObject({
  to: z.number().int().positive(),
  first: z.string(),
});

type Place = Pick<OffsetRange, 'topic' | 'partition'>;

/** How far back intents are looked for, nearest first: a chunk that holds an offset begins no further back. */
const windows = [1_000, 16_000, 256_000, 8_000_000];

/** The last chunk that begins at `offset` or before; undefined where there is none. Whether it holds `offset`, `to` tells. */
export async function findIntent(
  store: ObjectStore,
  place: Place,
  offset: number,
): Promise<Intent | undefined> {
  let behind = offset;
  for (const window of windows) {
    const start = Math.max(0, offset - window);
    const from = await lastBetween(store, place, start, behind);
    if (from !== undefined) return readIntent(store, { ...place, from });
    if (start === 0) return undefined;
    behind = start - 1;
  }
  return undefined;
}

/** Where the last chunk begins that begins at `start` or behind, and at `end` at the latest. */
async function lastBetween(
  store: ObjectStore,
  { topic, partition }: Place,
  start: number,
  end: number,
): Promise<number | undefined> {
  const after = start === 0 ? undefined : chunkKey({ topic, partition, from: start - 1 });
  let last: number | undefined;
  for await (const { key } of store.list(chunkPrefix(topic, partition), after)) {
    const from = offsetOfChunkKey(key);
    if (from === undefined) continue;
    if (from > end) break;
    last = from;
  }
  return last;
}

/** Undefined where there is none. @throws SignpostError `archive-damaged` */
export async function readIntent(
  store: ObjectStore,
  at: Omit<OffsetRange, 'to'>,
): Promise<Intent | undefined> {
  const key = chunkKey(at);
  const held = await store.get(key);
  if (held === null) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(held.bytes);
    const intent = { ...at, ...intentSchema.parse(JSON.parse(text)) };
    if (intent.to > intent.from) return intent;
    throw new Error(`It ends at ${intent.to}`);
  } catch (cause) {
    throw new SignpostError('archive-damaged', `${key} in ${store.where} says of no chunk`, {
      hint: 'Put back an earlier version of the object, where the bucket keeps versions.',
      cause,
    });
  }
}

/** Writes an intent down where there is none yet. @returns the one that counts: somebody else may have been faster */
export async function agreeOn(store: ObjectStore, intent: Intent): Promise<Intent> {
  const { to, first } = intent;
  const bytes = new TextEncoder().encode(`${JSON.stringify({ to, first })}\n`);
  for (;;) {
    const put = await store.put(chunkKey(intent), bytes, { kind: 'absent' });
    if (put !== 'conflict') return intent;
    const held = await readIntent(store, intent);
    if (held !== undefined) return held;
  }
}
