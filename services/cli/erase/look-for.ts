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
  const files = await lookThroughFiles(parts, erased, judge, createEraseMemory(), 'look');
  const tally = createTally();
  tally.addFiles(files);
  const topics =
    log === undefined ? undefined : await lookThroughTopics(parts, log, erased, judge, files);
  if (db !== undefined && db !== 'elsewhere') {
    const customers = customersOf([erasure]);
    const facts = await findFacts(db, customers);
    tally.add(erasure.id, 'database facts', facts.length);
    tally.add(erasure.id, 'database words', await countWords(db, facts));
    tally.add(erasure.id, 'database sightings', (await findSightings(db, customers)).length);
  }
  return { counts: tally.of(erasure.id), topics: topics?.get(erasure.id) ?? [] };
}
