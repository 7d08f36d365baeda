// What planners know of a ticket, post or answer follows from the records of it, not from how these arrived.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Signal } from '#schemas/signal.ts';
import { countsOf, factOf, merged, type Fact } from '../../services/aggregate/fact.ts';
import {
  insightOf,
  plannerHistory,
  receiversOf,
  signalOf,
  ticketOf,
  type PlannerRecord,
} from '../support/planner-records.ts';

const at = (hours: number): number => Date.UTC(2026, 2, 1) + hours * 3_600_000;

function factOfRecord({ insight, timestamp, offset, isRevision }: PlannerRecord): Fact {
  return factOf(insight, receiversOf(insight), { timestamp, offset, isRevision })!;
}

/** A ticket that has had these statuses, told at 0, 1, 2 … hours. */
function ticketWith(...states: readonly Partial<NonNullable<Signal['ticket']>>[]): readonly Fact[] {
  return states.map((state, index) =>
    factOfRecord({
      insight: insightOf(
        signalOf({ revision: index + 1, occurredAt: at(index), ticket: ticketOf(state) }),
      ),
      isRevision: false,
      timestamp: 0,
      offset: index,
    }),
  );
}

function all(facts: readonly Fact[]): Fact {
  return facts.reduce((known, fact) => merged(known, fact));
}

describe('a fact', () => {
  it('is of one place however its names are spaced and their accents written, and of another in other letters', () => {
    const placeOf = (area: string, city: string) => {
      const signal = signalOf({});
      const insight = insightOf({ ...signal, place: { ...signal.place, area, city } });
      return factOfRecord({ insight, isRevision: false, timestamp: 0, offset: 0 }).says.place;
    };
    const place = placeOf('Caf\u00e9 Row', 'Old Town');
    expect(place).toMatchObject({ area: 'Caf\u00e9 Row', city: 'Old Town' });
    expect(placeOf('Cafe\u0301  Row ', '\u00a0Old Town')).toEqual(place);
    expect(placeOf('CAF\u00c9 Row', 'Old Town')).not.toEqual(place);
    expect(placeOf(' unknown ', '  ')).toMatchObject({ area: null, city: null });
  });

  it('is the same in whatever order, how often and in what parts its records arrive', () => {
    const everyOrder = fc.property(
      plannerHistory,
      fc.infiniteStream(fc.nat()),
      (history, chance) => {
        const byEntity = Map.groupBy(history.map(factOfRecord), ({ entity }) => entity);
        for (const facts of byEntity.values()) {
          const expected = all(facts);
          const again = facts.flatMap((fact) =>
            chance.next().value % 3 === 0 ? [fact, fact] : [fact],
          );
          const shuffled = again
            .map((fact) => ({ fact, place: chance.next().value }))
            .toSorted((a, b) => a.place - b.place)
            .map(({ fact }) => fact);
          expect(all(shuffled)).toEqual(expected);
          const [begin, end] = [
            shuffled[0]!,
            all(shuffled.slice(Math.ceil(shuffled.length / 2) - 1)),
          ];
          const middle = all(shuffled.slice(0, Math.ceil(shuffled.length / 2)));
          expect(merged(end, merged(begin, middle))).toEqual(expected);
          expect(merged(expected, all(shuffled))).toBe(expected);
        }
      },
    );
    fc.assert(everyOrder, { numRuns: 300 });
  });

  it('is one of its own for a ticket, a post and an answer that a source numbers alike', () => {
    const entities = (['ticket', 'post', 'survey'] as const).map(
      (kind) =>
        factOfRecord({
          insight: insightOf(signalOf({ kind })),
          isRevision: false,
          timestamp: 0,
          offset: 0,
        }).entity,
    );
    expect(new Set(entities).size).toBe(3);
  });

  it('is told by the highest revision, though an earlier one was said later', () => {
    const [first, second] = [5, 2].map((hours, index) =>
      factOfRecord({
        insight: insightOf(signalOf({ revision: index + 1, occurredAt: at(hours) }), {
          theme: index === 0 ? 'price' : 'coverage',
        }),
        isRevision: false,
        timestamp: 0,
        offset: index,
      }),
    );
    expect(merged(second!, first!).says.theme).toBe('coverage');
  });

  it('is told by the last judgement made anew, also where that arrives before the first one', () => {
    const signal = signalOf();
    const [first, second, third] = ['m1', 'm2', 'm3'].map((model, index) =>
      factOfRecord({
        insight: insightOf(signal, { model }),
        isRevision: index > 0,
        timestamp: at(index === 2 ? 1 : 2),
        offset: index,
      }),
    );
    expect(all([second!, first!]).says.model).toBe('m2');
    expect(all([first!, second!, third!]).says.model).toBe('m2');
  });

  it('holds names that the database can hold, whatever a source sends', () => {
    const place = Object.fromEntries(
      ['country', 'region', 'city', 'area', 'postcode', 'site'].map((field) => [
        field,
        '\u0000😀'.repeat(250),
      ]),
    ) as unknown as Signal['place'];
    const fact = factOfRecord({
      insight: insightOf(
        signalOf({
          technology: 'x'.repeat(500),
          place: { ...place, lat: null, lon: null, h3: 'not a cell' },
        }),
      ),
      isRevision: false,
      timestamp: 0,
      offset: 0,
    });
    const names = Object.values(fact.says.place).join('');
    expect(Buffer.byteLength(names)).toBeLessThan(2400);
    expect(names).not.toContain('\u0000');
    expect(names.isWellFormed()).toBe(true);
    expect(fact.says.technology).toHaveLength(200);
    expect(fact.says.h3).toBeNull();
  });
});

describe('a ticket', () => {
  it('without a status is open since it was created, else since it was first spoken of', () => {
    expect(countsOf(all(ticketWith({})))).toEqual({
      at: at(0),
      reopenedAt: null,
      resolvedAt: null,
      isOpen: true,
      isExact: true,
    });
    expect(countsOf(all(ticketWith({}, { createdAt: at(-5) })))).toMatchObject({ at: at(-5) });
  });

  it('is resolved when it says so, else since the update that made it so', () => {
    const closed = { status: 'closed' } as const;
    expect(countsOf(all(ticketWith({}, { status: 'resolved' }, closed)))).toMatchObject({
      resolvedAt: at(1),
      isOpen: false,
    });
    expect(countsOf(all(ticketWith({}, { ...closed, resolvedAt: at(0.5) }))).resolvedAt).toBe(
      at(0.5),
    );
  });

  it('is never resolved before it was opened', () => {
    const state = { status: 'resolved', createdAt: at(3), resolvedAt: at(1) } as const;
    expect(countsOf(all(ticketWith(state))).resolvedAt).toBe(at(3));
  });

  it('that was opened again counts as reopened the last time, and as resolved no more', () => {
    const turns = ticketWith(
      { status: 'resolved', resolvedAt: at(0) },
      { status: 'inProgress', resolvedAt: at(0) },
      { status: 'closed', resolvedAt: at(0) },
      { status: 'held', resolvedAt: at(0) },
      { status: 'pending', resolvedAt: at(0) },
    );
    expect(countsOf(all(turns))).toMatchObject({
      reopenedAt: at(3),
      resolvedAt: null,
      isOpen: true,
    });
  });

  it('that was silent until normalize forgot it goes on where it was, though its revisions count from 1 again', () => {
    const told = (revision: number, days: number, status: 'inProgress' | 'resolved'): Fact =>
      factOfRecord({
        insight: insightOf(
          signalOf({
            id: `${revision}/${days}`,
            revision,
            occurredAt: at(days * 24),
            receivedAt: at(days * 24),
            ticket: ticketOf({ status }),
          }),
        ),
        isRevision: false,
        timestamp: 0,
        offset: 0,
      });
    const facts = [
      told(1, 0, 'inProgress'),
      told(2, 20, 'inProgress'),
      told(3, 45, 'inProgress'),
      told(1, 80, 'resolved'),
    ];
    for (const order of [facts, facts.toReversed()]) {
      expect(countsOf(all(order))).toMatchObject({
        at: at(0),
        isOpen: false,
        reopenedAt: null,
        resolvedAt: at(80 * 24),
      });
    }
  });

  it.each(['cancelled', 'rejected'] as const)(
    'that is %s is neither open nor resolved',
    (status) => {
      expect(countsOf(all(ticketWith({}, { status, resolvedAt: at(1) })))).toMatchObject({
        isOpen: false,
        resolvedAt: null,
      });
    },
  );

  it('known to the day counts at its start, and not as a moment', () => {
    const fact = factOfRecord({
      insight: insightOf(signalOf({ timePrecision: 'day', occurredAt: at(0) })),
      isRevision: false,
      timestamp: 0,
      offset: 0,
    });
    expect(countsOf(fact)).toMatchObject({ at: at(0), isExact: false });
  });
});
