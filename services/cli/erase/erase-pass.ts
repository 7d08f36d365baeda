// One pass over all that Signpost keeps, for all erasures that are under way: what is found is removed, what was removed is
// written down, and an erasure whose deadline is over and of which nothing is left is done. Passes may be cut off anywhere,
// be repeated, and run at the same time.
import type { EntityPayloads } from '#core/log/entity-payloads.ts';
import type { LogReader } from '#core/log/port.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import type { ErasedCustomer } from '#core/store/erased-customers.ts';
import type { Db } from '#core/store/postgres.ts';
import { scrubWords, wordTables } from '#core/store/scrub.ts';
import { countWords, eraseFacts, findFacts, ticketsOf } from '../../aggregate/erase-facts.ts';
import { eraseSightings, findSightings, loseWords } from '../../alert/erase-sightings.ts';
import {
  createEraseMemory,
  eraseFiles,
  type ErasedFiles,
  type EraseMemory,
} from '../../archive/erase-files.ts';
import {
  changeErasure,
  createErased,
  readErasures,
  subjectOf,
  lastPassFrom,
  ticketsUntil,
  type Erased,
  type ErasedPlace,
  type Erasure,
  type TopicHolding,
} from '../../archive/erasures.ts';
import type { FileFormat } from '../../archive/file-format.ts';
import { stripUpdate, ticketEntity } from '../../normalize/strip-update.ts';
import { intakeTopics } from '../../topology.ts';
import { groupOf } from '#core/run-stage.ts';
import type { LetterJudge } from './letters.ts';
import { scanTopics, type ScanParts } from './scan-topics.ts';

/** The log, as far as this process has it. */
export type PassLog = Omit<ScanParts, 'erased' | 'judge' | 'signal' | 'onRead'>;

export interface PassParts {
  readonly objects: ObjectStore;
  readonly format: FileFormat;
  /** Undefined where there is none; `elsewhere` where only another process may open it. */
  readonly db: Db | undefined | 'elsewhere';
  /** Whether the database is this process's own. */
  readonly isOwnDb: boolean;
  readonly log: PassLog | undefined;
  /** Where claims keep updates of tickets; undefined where another process has them. */
  readonly entities: EntityPayloads | undefined;
  /** Of the embedded log: deletes what is past its retention, from its files too. */
  readonly forget?: (() => Promise<void>) | undefined;
  /** Of these erasures; undefined without the pseudonym keys. */
  readonly judgeOf: ((erased: Erased) => LetterJudge) | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly graceMs: number;
  readonly memory?: PassMemory | undefined;
  readonly signal?: AbortSignal | undefined;
  /** @param doing what is looked through, and how far */
  readonly onProgress?: ((doing: string, share: number) => void) | undefined;
}

/** What earlier passes of a process know. */
export interface PassMemory {
  files: EraseMemory;
  of: string;
}

export function createPassMemory(): PassMemory {
  return { files: createEraseMemory(), of: '' };
}

export type Counts = Partial<Record<ErasedPlace, number>>;

/** @returns the erasures that were under way, as they stand */
export async function erasePass(parts: PassParts): Promise<readonly Erasure[]> {
  const { objects, db, now, memory = createPassMemory() } = parts;
  const open = (await readErasures(objects)).filter(({ doneAt }) => doneAt === null);
  if (open.length === 0) return [];
  const key = open.map(({ id, ticketsErasedAt }) => `${id}/${ticketsErasedAt ?? ''}`).join(' ');
  if (memory.of !== key) Object.assign(memory, { files: createEraseMemory(), of: key });
  const startedAt = now();
  const erased = createErased(open);
  const removed = createTally();
  const judge = parts.judgeOf?.(erased);
  const files = await filesPass(parts, erased, judge, memory.files, 'erase');
  removed.addFiles(files);
  const isTopicsDue = open.some((one) => isScanDue(one, now()));
  const topics =
    parts.log !== undefined && isTopicsDue
      ? await scan(parts, parts.log, erased, judge, files)
      : undefined;
  const tickets = await ticketsPass(parts, open, files, removed);
  if (db !== undefined && db !== 'elsewhere') await storePass(parts, db, open, removed);
  await parts.forget?.();
  const isWhole = db !== 'elsewhere' && parts.signal?.aborted !== true;
  const standing: Erasure[] = [];
  for (const { id } of open) {
    const next = await changeErasure(objects, id, (erasure) =>
      after(erasure, {
        removed: removed.of(id),
        topics: topics === undefined ? undefined : (topics.get(id) ?? []),
        ticketsErasedAt: tickets,
        lettersSearched: judge !== undefined,
        isLeft: files.isGoing || !isWhole || (judge === undefined && rawIsLeft(parts, erasure)),
        startedAt,
        now: now(),
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
  readonly ticketsErasedAt: number | null;
  readonly lettersSearched: boolean;
  /** Whether something is known to be left, or could not be looked at. */
  readonly isLeft: boolean;
  readonly startedAt: number;
  readonly now: number;
}

function after(erasure: Erasure, passed: Passed): Erasure {
  const { startedAt, now } = passed;
  const removed: Counts = { ...erasure.removed };
  let found = 0;
  for (const [place, count] of Object.entries(passed.removed)) {
    removed[place as ErasedPlace] = (removed[place as ErasedPlace] ?? 0) + count;
    found += count;
  }
  const topics = passed.topics ?? erasure.topics;
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

/** What is removed where, by erasure. */
function createTally() {
  const counts = new Map<string, Counts>();
  const add = (id: string, place: ErasedPlace, count: number): void => {
    if (count === 0) return;
    const of = counts.get(id) ?? {};
    of[place] = (of[place] ?? 0) + count;
    counts.set(id, of);
  };
  return {
    add,
    addFiles({ rows }: ErasedFiles) {
      for (const [id, of] of rows)
        for (const [name, count] of Object.entries(of))
          add(id, `archive ${name}` as ErasedPlace, count);
    },
    of: (id: string): Counts => counts.get(id) ?? {},
  };
}

async function filesPass(
  parts: PassParts,
  erased: Erased,
  judge: LetterJudge | undefined,
  memory: EraseMemory,
  mode: 'erase' | 'look',
): Promise<ErasedFiles> {
  const { objects: store, format, now, graceMs, signal, onProgress } = parts;
  let files = 0;
  return eraseFiles({
    store,
    format,
    erased,
    letterTaken: judge && ((letter) => judge.letter(letter)),
    now,
    graceMs,
    mode,
    memory,
    signal,
    onFile: () => onProgress?.(`${(files += 1)} files of the archive`, 1 - 1 / (1 + files / 50)),
  });
}

function scan(
  { signal, onProgress }: PassParts,
  log: PassLog,
  erased: Erased,
  judge: LetterJudge | undefined,
  { own }: ErasedFiles,
): Promise<ReadonlyMap<string, readonly TopicHolding[]>> {
  const onRead = (share: number): void => onProgress?.('topics', share);
  return scanTopics({ ...log, erased, judge, signal, onRead }, own);
}

/** @returns since when no update is merged with erased words; null where that is not so yet */
async function ticketsPass(
  { entities, db, log, now }: PassParts,
  open: readonly Erasure[],
  { own }: ErasedFiles,
  removed: ReturnType<typeof createTally>,
): Promise<number | null> {
  const waiting = open.filter(({ ticketsErasedAt }) => ticketsErasedAt === null);
  if (entities === undefined || waiting.length === 0) return null;
  // Before: what is read and claimed from here on sees what is left of the updates.
  const isCaughtUp = log !== undefined && (await hasReadUntil(log.log, waiting));
  const stored =
    db === undefined || db === 'elsewhere' ? [] : await ticketsOf(db, customersOf(waiting));
  const known = [...own.tickets.values()].map((ticket) => ({ ...ticket, id: ticket.erasure.id }));
  const names = Map.groupBy([...known, ...stored], ({ id }) => id);
  for (const erasure of waiting) {
    const tickets = names.get(erasure.id) ?? [];
    const of = new Set(tickets.map(({ source, sourceId }) => ticketEntity(source, sourceId)));
    const changed = await entities.rewriteEntities([...of], (payload) =>
      stripUpdate(payload, (customer) => tokenOf(erasure, customer)),
    );
    removed.add(erasure.id, 'ticket updates', changed);
  }
  return isCaughtUp ? now() : null;
}

function tokenOf({ subjects }: Erasure, customer: string): string | null | undefined {
  const hash = subjectOf(customer);
  return subjects.find((subject) => subject.hash === hash)?.token;
}

/** Whether normalize has read all that was there when the erasures were asked for. */
async function hasReadUntil(log: LogReader, erasures: readonly Erasure[]): Promise<boolean> {
  const asked = Math.max(...erasures.map(({ requestedAt }) => requestedAt));
  const group = groupOf('normalize');
  const committed = new Map(
    (await log.committed([group]))
      .filter((of) => of.group === group)
      .map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]),
  );
  const names = new Set<string>(intakeTopics.map(({ name }) => name));
  for (const { name, partitions } of await log.topics()) {
    if (!names.has(name)) continue;
    for (const { partition, start, end } of partitions) {
      const next = Math.max(start, committed.get(`${name}/${partition}`) ?? start);
      if (next >= end) continue;
      const { records } = await log.read(name, partition, next, { maxRecords: 1 });
      if (records[0] !== undefined && records[0].timestamp <= asked) return false;
    }
  }
  return true;
}

export function customersOf(erasures: readonly Erasure[]): readonly ErasedCustomer[] {
  return erasures.flatMap((erasure) =>
    erasure.subjects.map(({ hash, token }) => ({
      id: erasure.id,
      hash,
      token: token === null ? null : subjectOf(token),
      until: erasure.requestedAt,
      ticketsUntil: ticketsUntil(erasure),
    })),
  );
}

async function storePass(
  { isOwnDb, now, onProgress, signal }: PassParts,
  db: Db,
  open: readonly Erasure[],
  removed: ReturnType<typeof createTally>,
): Promise<void> {
  const customers = customersOf(open);
  const facts = Map.groupBy(await findFacts(db, customers), ({ id }) => id);
  let found = 0;
  for (const [id, of] of facts) {
    if (signal?.aborted === true) return;
    const lost = { incidents: 0, transitions: 0 };
    const erased = await eraseFacts(db, of, (tx, entities) => loseWords(tx, entities, lost));
    removed.add(id, 'database facts', erased.facts);
    removed.add(id, 'database words', erased.words);
    removed.add(id, 'database incidents', lost.incidents);
    removed.add(id, 'database transitions', lost.transitions);
    found += of.length;
    onProgress?.('the database', found / (found + 1));
  }
  const sightings = Map.groupBy(await findSightings(db, customers), ({ by }) => by);
  for (const [id, of] of sightings)
    removed.add(id, 'database sightings', await eraseSightings(db, of));
  const isNew = open.some(({ passes }) => passes === 0);
  const isLast = open.some((erasure) => lastPassFrom(erasure) <= now());
  const hasTickets = open.some(({ id }) => removed.of(id)['ticket updates'] !== undefined);
  // A server's tables are kept from others for as long as it takes: once, before the deadline, which is in any case late
  // enough for what a pass left that was cut off.
  if (isLast || (isOwnDb && (found > 0 || hasTickets || isNew)))
    await scrubWords(db, { tables: wordTables, isOwn: isOwnDb });
}

export interface Sight {
  readonly counts: Counts;
  readonly topics: readonly TopicHolding[];
}

/** What a pass would find for an erasure that nobody has asked for yet; nothing is changed. */
export async function lookFor(parts: PassParts, erasure: Erasure): Promise<Sight> {
  const { db, log } = parts;
  // What is erased already under an earlier request is not to be found again.
  const earlier = (await readErasures(parts.objects)).filter(({ doneAt }) => doneAt === null);
  const erased = createErased([...earlier, erasure]);
  const judge = parts.judgeOf?.(erased);
  const files = await filesPass(parts, erased, judge, createEraseMemory(), 'look');
  const tally = createTally();
  tally.addFiles(files);
  const topics = log === undefined ? undefined : await scan(parts, log, erased, judge, files);
  if (db !== undefined && db !== 'elsewhere') {
    const customers = customersOf([erasure]);
    const facts = await findFacts(db, customers);
    tally.add(erasure.id, 'database facts', facts.length);
    tally.add(erasure.id, 'database words', await countWords(db, facts));
    tally.add(erasure.id, 'database sightings', (await findSightings(db, customers)).length);
  }
  return { counts: tally.of(erasure.id), topics: topics?.get(erasure.id) ?? [] };
}
