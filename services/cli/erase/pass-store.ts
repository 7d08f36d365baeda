// A pass over the planners' and the detector's tables: words go, facts become somebody unknown's, and what was deleted does
// not stay in free space.
import type { Db } from '#core/store/postgres.ts';
import { scrubWords, wordTables } from '#core/store/scrub.ts';
import { eraseFacts, findFacts } from '../../aggregate/erase-facts.ts';
import { eraseSightings, findSightings, loseWords } from '../../alert/erase-sightings.ts';
import { lastPassFrom, type Erasure } from '../../archive/erasures.ts';
import { customersOf } from './customers-of.ts';
import { dropLeftover } from './pass-beside.ts';
import type { PassParts } from './pass-parts.ts';
import type { Tally } from './tally.ts';

/** @returns whether words may be left where no pass may look yet */
export async function passStore(
  { isOwnDb, now, onProgress, signal }: PassParts,
  db: Db,
  open: readonly Erasure[],
  removed: Tally,
): Promise<boolean> {
  // First of all: what a replay puts in place before it is found to be over is looked through below.
  const leftover = await dropLeftover(db);
  const customers = customersOf(open);
  const facts = Map.groupBy(await findFacts(db, customers), ({ id }) => id);
  let found = 0;
  for (const [id, of] of facts) {
    if (signal?.aborted === true) return true;
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
  if (isLast || (isOwnDb && (found > 0 || hasTickets || isNew || leftover === 'dropped')))
    await scrubWords(db, { tables: wordTables, isOwn: isOwnDb });
  return leftover === 'held';
}
