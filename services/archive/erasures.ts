// Who asked to be erased: `_erasures/<id>.json`, the one place that every process reads, so that nothing brings words back.
// It knows a person by hashes of pseudonyms alone, and forgets once all is done which rows were the person's.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Signal } from '#schemas/signal.ts';
import { SignpostError } from '#core/errors.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { erasuresPrefix } from './layout.ts';

/** Where words were removed from; what is counted is rows. */
export const erasedPlaces = [
  'archive signals',
  'archive insights',
  'archive revisions',
  'archive judgements',
  'archive alerts',
  'archive rejected',
  'database words',
  'database facts',
  'database sightings',
  'database incidents',
  'database transitions',
  'ticket updates',
] as const;
export type ErasedPlace = (typeof erasedPlaces)[number];

const count = z.number().int().nonnegative();
const idShape = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** What a topic holds of a person, and when the last of it is gone. Times are milliseconds since the epoch. */
const topicHolding = z.strictObject({
  topic: z.string(),
  records: count,
  newestAt: count,
  /** Null where nothing makes them go: `why` says so. */
  goneBy: count.nullable(),
  why: z.string().nullable(),
});
export type TopicHolding = z.output<typeof topicHolding>;

const erasureSchema = z.strictObject({
  id: z.string().regex(idShape),
  requestedAt: count,
  deadlineAt: count,
  /** Each pseudonym of the person, by a key of its own each. */
  subjects: z
    .array(
      z.strictObject({
        /** See `subjectOf`. */
        hash: z.string().regex(/^[\da-f]{64}$/),
        /** Stands for it from now on, so that distinct customers stay as many; null once all is done. */
        token: z.string().nullable(),
      }),
    )
    .min(1),
  /** Since when no update of a ticket is merged with words from before; null until then. */
  ticketsErasedAt: count.nullable(),
  /** Whether dead letters could be looked into, which takes the pseudonym keys. */
  lettersSearched: z.boolean(),
  passes: count,
  lastPassAt: count.nullable(),
  doneAt: count.nullable(),
  removed: z.partialRecord(z.enum(erasedPlaces), count),
  /** When the last of the archive's objects that held words is deleted, at the latest; null where none was found. */
  archiveClearBy: count.nullable().default(null),
  topics: z.array(topicHolding),
});
export type Erasure = z.output<typeof erasureSchema>;

/** @param now milliseconds since the epoch */
export function newErasure(
  pseudonyms: readonly string[],
  { now, deadlineMs }: { readonly now: number; readonly deadlineMs: number },
): Erasure {
  return {
    id: randomUUID(),
    requestedAt: now,
    deadlineAt: now + deadlineMs,
    subjects: [...new Set(pseudonyms.map(subjectOf))].toSorted().map((hash) => ({
      hash,
      token: `erased:${randomBytes(16).toString('base64url')}`,
    })),
    ticketsErasedAt: null,
    lettersSearched: false,
    passes: 0,
    lastPassAt: null,
    doneAt: null,
    removed: {},
    archiveClearBy: null,
    topics: [],
  };
}

/** SHA-256 of a pseudonym, hexadecimal: the store's hashes of customers are its beginning. */
export function subjectOf(pseudonym: string): string {
  return createHash('sha256').update(pseudonym).digest('hex');
}

function keyOf(id: string): string {
  return `${erasuresPrefix}${id}.json`;
}

const encoded = (erasure: Erasure): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(erasure)}\n`);

export async function registerErasure(objects: ObjectStore, erasure: Erasure): Promise<void> {
  await objects.put(keyOf(erasure.id), encoded(erasure), { kind: 'absent' });
}

/**
 * All that were ever asked for, in order.
 * @param known read before, by key: those that have not changed are not read again
 * @throws SignpostError `archive-damaged`
 */
export async function readErasures(
  objects: ObjectStore,
  known = new Map<string, { readonly etag: string; readonly erasure: Erasure }>(),
): Promise<readonly Erasure[]> {
  const found: Erasure[] = [];
  for await (const { key, etag } of objects.list(erasuresPrefix)) {
    const before = known.get(key);
    if (before?.etag === etag) {
      found.push(before.erasure);
      continue;
    }
    const held = await objects.get(key);
    if (held === null) continue;
    const erasure = parsed(held.bytes, key, objects.where);
    known.set(key, { etag: held.etag, erasure });
    found.push(erasure);
  }
  return found.toSorted((a, b) => a.requestedAt - b.requestedAt || (a.id < b.id ? -1 : 1));
}

/**
 * Changes one, from whatever it is by then: `change` may be called several times.
 * @returns as it stands, or undefined where there is none of this id
 */
export async function changeErasure(
  objects: ObjectStore,
  id: string,
  change: (erasure: Erasure) => Erasure,
): Promise<Erasure | undefined> {
  const key = keyOf(id);
  for (;;) {
    const held = await objects.get(key);
    if (held === null) return undefined;
    const next = change(parsed(held.bytes, key, objects.where));
    const put = await objects.put(key, encoded(next), { kind: 'match', etag: held.etag });
    if (put !== 'conflict') return next;
  }
}

function parsed(bytes: Uint8Array, key: string, where: string): Erasure {
  try {
    return erasureSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw new SignpostError('archive-damaged', `${key} in ${where} is not an erasure`, {
      hint: 'Put back an earlier version of the object, where the bucket keeps versions.',
      cause,
    });
  }
}

/**
 * From when on a pass may be the last one, so that nothing is left when the deadline is over: an hour before, or less
 * where all of it is short. Milliseconds since the epoch.
 */
export function lastPassFrom({
  requestedAt,
  deadlineAt,
}: Pick<Erasure, 'requestedAt' | 'deadlineAt'>): number {
  return deadlineAt - Math.min(3_600_000, (deadlineAt - requestedAt) / 20);
}

/** What tells whose words a record holds, and since when they are here. */
export type Spoken = Pick<Signal, 'customer' | 'receivedAt' | 'kind' | 'revision'>;

/** The erasure that takes words, and who said them from now on. */
export interface Taken {
  readonly erasure: Erasure;
  readonly token: string | null;
}

/** Erasures by person, to be asked of every record. */
export interface Erased {
  readonly erasures: readonly Erasure[];
  /** Of those that take these words the first that was asked for; undefined where they stay. */
  of(spoken: Spoken): Taken | undefined;
  /** As `of`, for a person known by the hash of the pseudonym. */
  ofSubject(hash: string, spoken: Omit<Spoken, 'customer'>): Taken | undefined;
}

/** Hosts' clocks differ by less. */
const clocksDifferMs = 60_000;

export function createErased(erasures: readonly Erasure[]): Erased {
  const bySubject = new Map<string, Taken[]>();
  for (const erasure of erasures)
    for (const { hash, token } of erasure.subjects)
      bySubject.set(hash, [...(bySubject.get(hash) ?? []), { erasure, token }]);
  const ofSubject: Erased['ofSubject'] = (hash, spoken) =>
    bySubject.get(hash)?.find(({ erasure }) => takes(erasure, spoken));
  return {
    erasures,
    ofSubject,
    of({ customer, ...spoken }) {
      if (customer === null || bySubject.size === 0) return undefined;
      return ofSubject(subjectOf(customer), spoken);
    },
  };
}

/** Asked again it reads what has changed. */
export function erasedReader(objects: ObjectStore): () => Promise<Erased> {
  const known = new Map<string, { readonly etag: string; readonly erasure: Erasure }>();
  return async () => createErased(await readErasures(objects, known));
}

export const nobodyErased: Erased = createErased([]);

/**
 * What was said after an erasure was asked for is new and stays. But an update of a ticket repeats the words of those
 * before it, until these are erased where normalize merges them.
 */
export function takes(
  erasure: Pick<Erasure, 'requestedAt' | 'ticketsErasedAt'>,
  { receivedAt, kind, revision }: Omit<Spoken, 'customer'>,
): boolean {
  if (receivedAt <= erasure.requestedAt) return true;
  return kind === 'ticket' && revision > 1 && receivedAt <= ticketsUntil(erasure);
}

/** Updates of tickets received until then may repeat words that are erased. Milliseconds since the epoch. */
export function ticketsUntil({ ticketsErasedAt }: Pick<Erasure, 'ticketsErasedAt'>): number {
  return ticketsErasedAt === null ? Infinity : ticketsErasedAt + clocksDifferMs;
}
