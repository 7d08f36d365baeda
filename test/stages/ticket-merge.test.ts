// Merging of ticket updates: the order of arrival does not count, and what one ticket may say is bounded.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, newestNotes, withinBounds } from '../../services/normalize/ticket-bounds.ts';
import { compareUpdates, compareVersions } from '../../services/normalize/ticket-order.ts';
import {
  foldNotes,
  lastNotes,
  mergeNotes,
  type Note,
} from '../../services/normalize/ticket-notes.ts';
import {
  addUpdate,
  type TicketState,
  type TicketUpdate,
} from '../../services/normalize/ticket-state.ts';

const version = fc.oneof(
  fc.constantFrom('2025-01-01', '2025-01-01T00:00:00Z', '2025-01-01T01:00:00+01:00'),
  fc.stringMatching(/^2025-01-01[T ]0[0-3]:00(:0[0-2](\.[0-9]{1,4})?)?(Z|\+0[0-3]:00)?$/),
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

  it('is the same whether it is made at once or was known in between', () => {
    fc.assert(
      fc.property(fc.array(update, { minLength: 1, maxLength: 8 }), (updates) => {
        const knownBefore = updates.map((_, i) =>
          structuredClone(stateOf(updates.slice(0, i + 1))!.known),
        );
        const states: TicketState['known'][] = [];
        updates.reduce<TicketState | undefined>((state, one) => {
          const next = addUpdate(state, one);
          states.push(next.known);
          return next;
        }, undefined);
        // What was known then is still what was known then.
        expect(states).toEqual(knownBefore);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the attributes stated last, in whatever order they arrive', () => {
    const updates = Array.from({ length: 300 }, (_, i) => ({
      version: String(i),
      occurredAt: i,
      attributes: { [`a${i % 250}`]: String(i), always: String(i) },
    }));
    const inOrder = stateOf(updates)!.known.attributes!;
    expect(Object.keys(inOrder).length).toBe(200);
    expect(inOrder).toMatchObject({ always: '299', a49: '299', a0: '250', a249: '249' });
    expect(inOrder).not.toHaveProperty('a50');
    expect(stateOf(updates.toReversed())!.known.attributes).toEqual(inOrder);
    const mixed = updates.toSorted(
      (a, b) => ((a.occurredAt * 7) % 300) - ((b.occurredAt * 7) % 300),
    );
    expect(stateOf(mixed)!.known.attributes).toEqual(inOrder);
  });

  it('costs no more when updates arrive in reverse', () => {
    // Counted, not timed: each update is looked at a bounded number of times.
    let looks = 0;
    const updates = Array.from({ length: 2_000 }, (_, i) => ({
      version: String(i),
      occurredAt: i,
      get description() {
        looks += 1;
        return `d${i}`;
      },
      notes: [{ id: `n${i}`, text: `t${i}` }],
    }));
    const { known } = stateOf(updates.toReversed())!;
    expect(known.description).toBe('d1999');
    expect(known.notes!.map(({ id }) => id)).toEqual(
      Array.from({ length: 100 }, (_, i) => `n${1_900 + i}`),
    );
    expect(looks).toBeLessThan(3 * updates.length);
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
    ['2025-01-01T00:00:00Z', '2025-01-01T00:00:00.123Z'],
    ['2025-01-01T00:00:00.09Z', '2025-01-01T00:00:00.1Z'],
    ['2025-01-01T00:00:00.123456Z', '2025-01-01T00:00:00.1234561Z'],
    ['2025-01-01T02:00:00+02:00', '2025-01-01T00:00:01Z'],
    ['2025-01-01T00:00:00Z', '2024-12-31T23:00:00-0200'],
    ['2025-01-01 08:59', '2025-01-01T09:00:00Z'],
    ['2025-01-01', '2025-01-01T00:00:01Z'],
    ['12', '2025-01-01T00:00:00Z'],
    ['2025-13-01', '2025-01-01T00:00:00Z'],
    ['1', 'draft'],
  ])('puts version %s before %s', (earlier, later) => {
    expect(compareVersions(earlier, later)).toBeLessThan(0);
    expect(compareVersions(later, earlier)).toBeGreaterThan(0);
  });
});

describe('notes', () => {
  /** As it is told: one after the other. */
  function plainly(updates: readonly (readonly Note[])[]): Note[] {
    let notes: Note[] = [];
    for (const added of updates) {
      for (const one of added) {
        const at = notes.findIndex(({ id, text }) =>
          one.id === null ? text === one.text : id === one.id,
        );
        if (at < 0) notes.push(one);
        else notes[at] = one;
      }
      notes = notes.slice(-100);
    }
    return notes;
  }
  const few = fc.array(
    fc.record({
      id: fc.option(fc.integer({ min: 0, max: 130 }).map(String)),
      text: fc.integer({ min: 0, max: 90 }).map((n) => `t${n}`),
    }),
    { maxLength: 60 },
  );

  it('keep their places while they are restated, and the newest hundred stay', () => {
    fc.assert(
      fc.property(fc.array(few, { maxLength: 12 }), (updates) => {
        const expected = plainly(updates);
        expect(foldNotes(updates.map((notes) => ({ notes })))).toEqual(expected);
        expect(updates.reduce<readonly Note[]>(mergeNotes, [])).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('that never come twice are the last ones', () => {
    const updates = Array.from({ length: 70 }, (_, i) => ({
      notes: [1, 2].map((n) => ({ id: `${i}/${n}`, text: `${i} ${n}` })),
    }));
    expect(lastNotes(updates)).toEqual(foldNotes(updates));
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
