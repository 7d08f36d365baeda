// Places by their number, remembered: a row of signpost.places never changes, so that what is known stays true.
import { sql } from 'kysely';
import { cellAt, noCell, rowResolution, type FactColumns } from '#core/store/fact-columns.ts';
import type { Db } from '#core/store/postgres.ts';
import type { PlaceLevel } from '../api/questions.ts';
import type { Reading } from './as-reader.ts';
import {
  hexResolutions,
  isNamedLevel,
  keyAt,
  keyOf,
  noHomonyms,
  type Homonyms,
  type Named,
} from './place-keys.ts';

/** Places of one level, numbered from 1 as they are met; 0 is no place of the level. */
export interface LevelCodes {
  /** A code for each spot of the columns; all their places must be known. */
  codesOf(columns: FactColumns): Int32Array;
  keyOf(code: number): string | null;
  /** Of the place that was met first under this code. */
  namedAs(code: number): Named | undefined;
  /** Codes are below this. */
  readonly size: number;
}

export interface KnownPlaces {
  /** Reads what the columns name and is not known yet. */
  learn(tx: Reading['tx'], columns: readonly FactColumns[]): Promise<void>;
  /** Undefined for a number not learnt. */
  get(id: number): Named | undefined;
  /** @param homonyms areas of which are told apart by region */
  level(level: PlaceLevel, homonyms?: Homonyms): LevelCodes;
}

/** Columns are kept as long as they are used, and what was made of them. */
export function once(
  of: (columns: FactColumns) => Int32Array,
): (columns: FactColumns) => Int32Array {
  const known = new WeakMap<FactColumns, Int32Array>();
  return (columns) => {
    let made = known.get(columns);
    if (made === undefined) known.set(columns, (made = of(columns)));
    return made;
  };
}

const remembered = new WeakMap<Db, KnownPlaces>();

export function knownPlaces(db: Db): KnownPlaces {
  let known = remembered.get(db);
  if (known === undefined) remembered.set(db, (known = createKnownPlaces()));
  return known;
}

function createKnownPlaces(): KnownPlaces {
  const places: (Named | undefined)[] = [];
  const learnt = new WeakSet<FactColumns>();
  // Homonyms are those of a gazetteer, and go with it.
  const levels = new WeakMap<Homonyms, Map<PlaceLevel, LevelCodes>>();
  return {
    async learn(tx, all) {
      const fresh = all.filter((columns) => !learnt.has(columns));
      const missing = new Set<number>();
      for (const { place } of fresh) {
        for (const id of place) if (places[id] === undefined) missing.add(id);
      }
      if (missing.size > 0) {
        const { rows } = await sql<Named & { id: number }>`
          SELECT * FROM signpost.places WHERE id = ANY (${[...missing]}::int[])`.execute(tx);
        for (const { id, ...named } of rows) places[id] = named;
      }
      for (const columns of fresh) learnt.add(columns);
    },
    get: (id) => places[id],
    level(level, homonyms = noHomonyms) {
      const apart = level === 'area' ? homonyms : noHomonyms;
      let known = levels.get(apart);
      if (known === undefined) levels.set(apart, (known = new Map()));
      let codes = known.get(level);
      if (codes === undefined) {
        codes = isNamedLevel(level)
          ? namedCodes(level, apart)
          : cellCodes(hexResolutions[level]!, level);
        known.set(level, codes);
      }
      return codes;
    },
  };

  function namedCodes(level: Parameters<typeof keyAt>[0], homonyms: Homonyms): LevelCodes {
    const byPlace: number[] = [];
    const byKey = new Map<string, number>();
    const keys: (string | null)[] = [null];
    const first: (Named | undefined)[] = [undefined];
    const codeOf = (id: number): number => {
      const named = places[id]!;
      const key = keyAt(level, named, homonyms);
      if (key === null) return 0;
      let code = byKey.get(key);
      if (code === undefined) {
        code = keys.push(key) - 1;
        byKey.set(key, code);
        first.push(named);
      }
      return code;
    };
    return {
      codesOf: once(({ place }) => Int32Array.from(place, (id) => (byPlace[id] ??= codeOf(id)))),
      keyOf: (code) => keys[code] ?? null,
      namedAs: (code) => first[code],
      get size() {
        return keys.length;
      },
    };
  }

  function cellCodes(resolution: number, level: PlaceLevel): LevelCodes {
    const perParent = 8 ** (rowResolution - resolution);
    const byParent = new Map<number, number>();
    const keys: (string | null)[] = [null];
    const codeOf = (cell: number): number => {
      if (cell === noCell) return 0;
      const parent = Math.floor((cell - 1) / perParent);
      let code = byParent.get(parent);
      if (code === undefined) {
        code = keys.push(keyOf(level, [cellAt(cell, resolution)])) - 1;
        byParent.set(parent, code);
      }
      return code;
    };
    return {
      codesOf: once(({ cell }) => Int32Array.from(cell, codeOf)),
      keyOf: (code) => keys[code] ?? null,
      namedAs: () => undefined,
      get size() {
        return keys.length;
      },
    };
  }
}
