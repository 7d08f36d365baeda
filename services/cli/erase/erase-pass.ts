// One pass over all that Signpost keeps, for all erasures that are under way: what is found is removed, what was removed is
// written down, and an erasure whose deadline is over and of which nothing is left is done. Passes may be cut off anywhere,
// be repeated, and run at the same time.
import { createEraseMemory } from '../../archive/erase-files.ts';
import {
  changeErasure,
  createErased,
  lastPassFrom,
  readErasures,
  type ErasedPlace,
  type Erasure,
  type TopicHolding,
} from '../../archive/erasures.ts';
import { lookThroughFiles, lookThroughTopics } from './look-through.ts';
import { createPassMemory, type PassParts } from './pass-parts.ts';
import { passStore } from './pass-store.ts';
import { passTickets } from './pass-tickets.ts';
import { heldNow } from './scan-topics.ts';
import { archivedIn, createTally, type Counts } from './tally.ts';

/** @returns the erasures that were under way, as they stand */
export async function erasePass(parts: PassParts): Promise<readonly Erasure[]> {
  const { objects, db, now, memory = createPassMemory() } = parts;
  const held = (topics: readonly TopicHolding[]): readonly TopicHolding[] =>
    topics.map((one) => (parts.log === undefined ? one : heldNow(one, parts.log.lives(one.topic))));
  const open = (await readErasures(objects))
    .filter(({ doneAt }) => doneAt === null)
    .map((erasure) => ({ ...erasure, topics: [...held(erasure.topics)] }));
  if (open.length === 0) return [];
  const key = open.map(({ id, ticketsErasedAt }) => `${id}/${ticketsErasedAt ?? ''}`).join(' ');
  if (memory.of !== key) Object.assign(memory, { files: createEraseMemory(), of: key });
  const startedAt = now();
  const erased = createErased(open);
  const removed = createTally();
  const judge = parts.judgeOf?.(erased);
  const files = await lookThroughFiles(parts, erased, judge, memory.files, 'erase');
  removed.addFiles(files);
  const isTopicsDue = open.some((one) => isScanDue(one, now()));
  const topics =
    parts.log !== undefined && isTopicsDue
      ? await lookThroughTopics(parts, parts.log, erased, judge, files)
      : undefined;
  const tickets = await passTickets(parts, open, files, removed);
  const isHeld =
    db !== undefined && db !== 'elsewhere' && (await passStore(parts, db, open, removed));
  await parts.forget?.();
  const isWhole = db !== 'elsewhere' && parts.signal?.aborted !== true;
  const standing: Erasure[] = [];
  for (const { id } of open) {
    const next = await changeErasure(objects, id, (erasure) =>
      after(erasure, {
        removed: removed.of(id),
        topics: topics === undefined ? undefined : (topics.get(id) ?? []),
        held,
        ticketsErasedAt: tickets,
        lettersSearched: judge !== undefined,
        isLeft:
          files.isGoing || isHeld || !isWhole || (judge === undefined && rawIsLeft(parts, erasure)),
        startedAt,
        now: now(),
        graceMs: parts.graceMs,
      }),
    );
    if (next !== undefined) standing.push(next);
  }
  return standing;
}

/** Topics are read through when somebody asks, and when the last of it should be gone. */
function isScanDue(erasure: Erasure, now: number): boolean {
  const { passes, topics, ticketsErasedAt } = erasure;
  if (passes === 0 || ticketsErasedAt === null) return true;
  if (now < lastPassFrom(erasure)) return false;
  return topics.every(({ goneBy }) => goneBy === null || goneBy <= now);
}

/** Without the pseudonym keys nobody knows whose raw words topics hold: then they are gone when all of that time are. */
function rawIsLeft({ log, now }: PassParts, { requestedAt }: Erasure): boolean {
  return (log?.topics ?? []).some(({ name, words }) => {
    if (words !== 'raw') return false;
    const { retentionMs, delayMs, why } = log!.lives(name);
    return why !== null || now() <= requestedAt + retentionMs + delayMs;
  });
}

interface Passed {
  readonly removed: Counts;
  readonly topics: readonly TopicHolding[] | undefined;
  /** Of topics that were not read through: what is held there by now. */
  readonly held: (topics: readonly TopicHolding[]) => readonly TopicHolding[];
  readonly ticketsErasedAt: number | null;
  readonly lettersSearched: boolean;
  /** Whether something is known to be left, or could not be looked at. */
  readonly isLeft: boolean;
  readonly startedAt: number;
  readonly now: number;
  readonly graceMs: number;
}

function after(erasure: Erasure, passed: Passed): Erasure {
  const { startedAt, now } = passed;
  const removed: Counts = { ...erasure.removed };
  let found = 0;
  for (const [place, count] of Object.entries(passed.removed)) {
    removed[place as ErasedPlace] = (removed[place as ErasedPlace] ?? 0) + count;
    found += count;
  }
  const topics = passed.topics ?? passed.held(erasure.topics);
  const ticketsErasedAt = erasure.ticketsErasedAt ?? passed.ticketsErasedAt;
  const isGone = topics.every(({ goneBy }) => goneBy !== null && goneBy <= now);
  const isDone =
    startedAt >= lastPassFrom(erasure) &&
    found === 0 &&
    !passed.isLeft &&
    ticketsErasedAt !== null &&
    (passed.topics === undefined ? isGone : topics.length === 0);
  return {
    ...erasure,
    removed,
    archiveClearBy: clearBy(erasure, passed),
    topics: [...topics],
    ticketsErasedAt,
    lettersSearched: erasure.lettersSearched || passed.lettersSearched,
    passes: erasure.passes + 1,
    lastPassAt: now,
    // Who they were leads to nothing any more: the last that joined a person's rows goes.
    ...(isDone
      ? { doneAt: now, subjects: erasure.subjects.map(({ hash }) => ({ hash, token: null })) }
      : {}),
  };
}

/** What is replaced is deleted after the grace time, at the deadline in any case. */
function clearBy(
  { archiveClearBy, deadlineAt }: Erasure,
  { removed, now, graceMs }: Passed,
): number | null {
  if (archivedIn(removed) === 0) return archiveClearBy;
  return Math.max(now, Math.min(now + graceMs, deadlineAt));
}
