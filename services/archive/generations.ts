// Generations of a topic: one that was made anew under the same name has offsets from 0 again. What the archive holds of
// the topics before is told from it by the name under which it keeps them: from the second generation on with its number.
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';
import type { ObjectStore } from '#core/objects/port.ts';

/** The name of a topic in chunks, files and manifests: `insights.shared.v1`, then `insights.shared.v1(2)`. */
export function archivedName(topic: string, generation: number): string {
  return generation === 1 ? topic : `${topic}(${generation})`;
}

/** The topic and its generation that an archived name is of. No topic's name has parentheses. */
export function generationOf(archived: string): {
  readonly topic: string;
  readonly generation: number;
} {
  const [, topic = archived, number] = /^(.*)\((\d+)\)$/.exec(archived) ?? [];
  return { topic, generation: number === undefined ? 1 : Number(number) };
}

const schema = z.strictObject({
  generation: z.number().int().min(2),
  /** Since when, milliseconds since the epoch. */
  since: z.number().int(),
});

function generationKey(topic: string): string {
  return `_generations/${topic}.json`;
}

export interface HeldGeneration {
  readonly generation: number;
  /** Null for the first, which nothing is written down of. */
  readonly etag: string | null;
}

/** Of the topic as it is written to now. @throws SignpostError `archive-damaged` */
export async function readGeneration(store: ObjectStore, topic: string): Promise<HeldGeneration> {
  const held = await store.get(generationKey(topic));
  if (held === null) return { generation: 1, etag: null };
  try {
    const { generation } = schema.parse(JSON.parse(new TextDecoder().decode(held.bytes)));
    return { generation, etag: held.etag };
  } catch (cause) {
    throw new SignpostError(
      'archive-damaged',
      `${generationKey(topic)} in ${store.where} says of no generation`,
      {
        hint: 'Put back an earlier version of the object, where the bucket keeps versions.',
        cause,
      },
    );
  }
}

/**
 * Says that the topic was made anew: what comes is of the next generation.
 * @param from the generation that is known to be over: two who say so at once say it once
 * @returns the generation that counts
 */
export async function beginGeneration(
  store: ObjectStore,
  topic: string,
  from: number,
  now: number,
): Promise<number> {
  for (;;) {
    const { generation, etag } = await readGeneration(store, topic);
    if (generation > from) return generation;
    const next = generation + 1;
    const put = await store.put(
      generationKey(topic),
      new TextEncoder().encode(`${JSON.stringify({ generation: next, since: now })}\n`),
      etag === null ? { kind: 'absent' } : { kind: 'match', etag },
    );
    if (put !== 'conflict') return next;
  }
}
