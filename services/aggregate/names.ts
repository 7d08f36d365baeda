// Numbers of the names of facts: of labels, places and departments.
import type { Transaction } from 'kysely';
import {
  createDepartmentBits,
  createLabelNumbers,
  createPlaceNumbers,
} from '#core/store/name-numbers.ts';
import type { Tables } from '#core/store/tables.ts';
import type { Fact, Says } from './fact.ts';

/** A place by its number; its area is wanted for cells. */
export interface PlaceNumber {
  readonly id: number;
  readonly area: string | null;
}
/** Departments as bits. */
export type Numbered = Says<number, PlaceNumber, bigint>;

type Tx = Transaction<Tables>;

export interface Names {
  /** The facts by numbers, in their order. What is new is inserted in `tx`, before any other row is locked. */
  numbered(facts: readonly Fact[], tx: Tx): Promise<Fact<Numbered>[]>;
}

/** In one order, so that copies which insert new ones wait for each other and not in a circle. */
const kinds = ['theme', 'technology', 'severity', 'source', 'model'] as const;

export function createNames(): Names {
  const labels = kinds.map((kind) => ({ kind, lookUp: createLabelNumbers(kind) }));
  const places = createPlaceNumbers();
  const departments = createDepartmentBits();
  return {
    async numbered(facts, tx) {
      const numbers = {} as Record<(typeof kinds)[number], number[]>;
      for (const { kind, lookUp } of labels) {
        numbers[kind] = await lookUp(
          facts.map(({ says }) => says[kind]),
          tx,
        );
      }
      const placeIds = await places(
        facts.map(({ says }) => says.place),
        tx,
      );
      const bits = await departments(
        facts.flatMap(({ says }) => says.departments),
        tx,
      );
      let bit = 0;
      return facts.map((fact, index) => {
        const { says } = fact;
        let received = 0n;
        for (const _ of says.departments) received |= 1n << BigInt(bits[bit++]!);
        return {
          ...fact,
          says: {
            ...says,
            source: numbers.source[index]!,
            technology: numbers.technology[index]!,
            theme: numbers.theme[index]!,
            severity: numbers.severity[index]!,
            model: numbers.model[index]!,
            place: { id: placeIds[index]!, area: says.place.area },
            departments: received,
          },
        };
      });
    },
  };
}
