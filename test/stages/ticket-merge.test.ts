// Merging of ticket updates: the order of arrival does not count, and what one ticket may say is bounded.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, newestNotes, withinBounds } from '../../services/normalize/ticket-bounds.ts';
import { compareUpdates, compareVersions } from '../../services/normalize/ticket-order.ts';
import { addUpdate, type TicketState, type TicketUpdate } from '../../services/normalize/ticket.ts';

const version = fc.oneof(
  fc.stringMatching(/^v?[0-9]{1,2}(\.[0-9]{1,2}){0,2}(-rc[0-9])?$/),
  fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String),
  fc.string({ maxLength: 4 }),
);
const word = fc.constantFrom('a', 'b', 'c');
const note = fc.record({ id: fc.option(word), text: word });

const update: fc.Arbitrary<TicketUpdate> = fc.record(
  {
    version: fc.option(version, { freq: 6 }),
    occurredAt: fc.integer({ min: 0, max: 1000 }),
    name: word,
    notes: fc.array(note, { minLength: 1, maxLength: 3 }),
    place: fc.record({ city: word, area: word }, { requiredKeys: [] }),
    ticket: fc.record({ severity: word, priority: word }, { requiredKeys: [] }),
    attributes: fc.dictionary(word, word),
  },
  { requiredKeys: ['version', 'occurredAt'] },
);

/** No two updates that say the same of their order, and their arrival in another order. */
const arrivals = fc
  .uniqueArray(update, { maxLength: 8, comparator: (a, b) => a.occurredAt === b.occurredAt })
  .filter(({ length }) => length > 0)
  .chain((updates) =>
    fc.tuple(
      fc.constant(updates),
      fc.shuffledSubarray(updates, { minLength: updates.length, maxLength: updates.length }),
    ),
  );

function stateOf(updates: readonly TicketUpdate[]): TicketState | undefined {
  return updates.reduce<TicketState | undefined>(addUpdate, undefined);
}

describe('the state of a ticket', () => {
  it('is the same in whatever order its updates arrive', () => {
    fc.assert(
      fc.property(arrivals, ([updates, shuffled]) => {
        expect(stateOf(shuffled)!.known).toEqual(stateOf(updates)!.known);
      }),
      { numRuns: 1000 },
    );
  });

  it('says of each update whether it changed anything', () => {
    const one = { version: '1', occurredAt: 1, name: 'x' };
    const state = addUpdate(undefined, one);
    expect(state.changed).toBe(true);
    expect(addUpdate(state, { ...one, version: '2' }).changed).toBe(false);
  });
});

describe('the order of updates', () => {
  it('is one order for all', () => {
    fc.assert(
      fc.property(update, update, update, fc.boolean(), (a, b, c, byVersion) => {
        const order = (x: TicketUpdate, y: TicketUpdate): number =>
          Math.sign(compareUpdates(x, y, byVersion));
        expect(order(a, b) + order(b, a)).toBe(0);
        fc.pre(order(a, b) <= 0 && order(b, c) <= 0);
        expect(order(a, c)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['9', '10'],
    ['1.9', '1.10'],
    ['1', '1.0'],
    ['v9', 'v10'],
    ['007', '8'],
    ['9007199254740992', '9007199254740993'],
    ['2026-01-05T09:00:00Z', '2026-01-05T10:00:00Z'],
    ['1', 'draft'],
  ])('puts version %s before %s', (earlier, later) => {
    expect(compareVersions(earlier, later)).toBeLessThan(0);
    expect(compareVersions(later, earlier)).toBeGreaterThan(0);
  });
});

describe('bounds', () => {
  it('cut a text between characters, not within one', () => {
    expect(cut('abc', 3)).toBe('abc');
    expect(cut('abcd', 3)).toBe('ab…');
    expect(cut('a😀bc', 3)).toBe('a…');
  });

  it('keep the newest notes by their times', () => {
    const notes = Array.from({ length: 150 }, (_, i) => ({
      id: null,
      at: 1000 - i,
      author: null,
      text: String(i),
    }));
    const kept = newestNotes(notes).map(({ text }) => text);
    expect([kept.length, kept[0], kept.at(-1)]).toEqual([100, '99', '0']);
  });

  it('leave an update alone that is not too large', () => {
    const small = { version: '1', occurredAt: 1, description: 'x'.repeat(100_000) };
    expect(withinBounds(small)).toBe(small);
  });

  it('keep of an update that is too large the newest notes and the beginnings of its texts', () => {
    const notes = Array.from({ length: 100 }, (_, i) => ({
      id: `n${i}`,
      text: '\u0001'.repeat(5000),
    }));
    const bounded = withinBounds({ name: 'short', description: '\u0001'.repeat(90_000), notes });
    expect(Buffer.byteLength(JSON.stringify(bounded))).toBeLessThan(256 * 1024);
    expect(bounded.notes.map(({ id }) => id)).toEqual(['n98', 'n99']);
    expect(bounded).toMatchObject({ name: 'short', description: expect.stringMatching(/…$/) });
  });
});
