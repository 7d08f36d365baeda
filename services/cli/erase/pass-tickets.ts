// A pass over the updates of tickets that later ones are merged with: as long as they hold words, updates repeat them.
import type { LogReader } from '#core/log/port.ts';
import { groupOf } from '#core/run-stage.ts';
import { ticketsOf } from '../../aggregate/erase-facts.ts';
import type { ErasedFiles } from '../../archive/erase-files.ts';
import { subjectOf, type Erasure } from '../../archive/erasures.ts';
import { stripUpdate, ticketEntity } from '../../normalize/strip-update.ts';
import { intakeTopics } from '../../topology.ts';
import { customersOf } from './customers-of.ts';
import type { PassParts } from './pass-parts.ts';
import type { Tally } from './tally.ts';

/** @returns since when no update is merged with erased words; null where that is not so yet */
export async function passTickets(
  { entities, db, log, now }: PassParts,
  open: readonly Erasure[],
  { own }: ErasedFiles,
  removed: Tally,
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
