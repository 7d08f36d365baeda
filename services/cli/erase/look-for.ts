// What there is of somebody, everywhere: looked for and left as it is.
import { countWords, findFacts } from '../../aggregate/erase-facts.ts';
import { findSightings } from '../../alert/erase-sightings.ts';
import { createEraseMemory } from '../../archive/erase-files.ts';
import {
  createErased,
  readErasures,
  type Erasure,
  type TopicHolding,
} from '../../archive/erasures.ts';
import { customersOf } from './customers-of.ts';
import { lookThroughFiles, lookThroughTopics } from './look-through.ts';
import type { PassParts } from './pass-parts.ts';
import { createTally, type Counts } from './tally.ts';

/** What there is of an erasure. */
export interface Seen {
  readonly counts: Counts;
  readonly topics: readonly TopicHolding[];
}

export interface Sight extends Seen {
  /** The last erasure of the same person that is not done, and what is there still of what it takes; null where none is. */
  readonly underWay: (Seen & { readonly erasure: Erasure }) | null;
}

/** What a pass would find for an erasure that nobody has asked for yet; nothing is changed. */
export async function lookFor(parts: PassParts, erasure: Erasure): Promise<Sight> {
  const { db, log } = parts;
  // What an earlier request takes that is not done is not to be found again.
  const earlier = (await readErasures(parts.objects)).filter(({ doneAt }) => doneAt === null);
  const all = [...earlier, erasure];
  const erased = createErased(all);
  const judge = parts.judgeOf?.(erased);
  const files = await lookThroughFiles(parts, erased, judge, createEraseMemory(), 'look');
  const tally = createTally();
  tally.addFiles(files);
  const topics =
    log === undefined ? undefined : await lookThroughTopics(parts, log, erased, judge, files);
  if (db !== undefined && db !== 'elsewhere') {
    const customers = customersOf(all);
    const facts = Map.groupBy(await findFacts(db, customers), ({ id }) => id);
    for (const [id, of] of facts) {
      tally.add(id, 'database facts', of.length);
      tally.add(id, 'database words', await countWords(db, of));
    }
    const sightings = Map.groupBy(await findSightings(db, customers), ({ by }) => by);
    for (const [id, of] of sightings) tally.add(id, 'database sightings', of.length);
  }
  const seen = (id: string): Seen => ({ counts: tally.of(id), topics: topics?.get(id) ?? [] });
  const wanted = new Set(erasure.subjects.map(({ hash }) => hash));
  const before = earlier.findLast(({ subjects }) => subjects.some(({ hash }) => wanted.has(hash)));
  return {
    ...seen(erasure.id),
    underWay: before === undefined ? null : { ...seen(before.id), erasure: before },
  };
}
