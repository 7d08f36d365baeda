// Notes which cells of tickets.aggregated.v1 a batch of changes may have changed: those that facts leave and enter.
import { sql, type Transaction } from 'kysely';
import type { Tables } from '#core/store/tables.ts';
import { namesOf, unnested, type Column } from '#core/store/unnest.ts';
import { countsOf, type Fact } from './fact.ts';
import type { Numbered } from './names.ts';
import type { Change } from './rows.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** All hours and departments of an area, theme, technology and day. */
export interface ChangedCell {
  readonly area: string | null;
  readonly theme: number;
  readonly technology: number;
  /** `2026-11-29`, UTC. */
  readonly day: string;
  /** Where facts were counted that left: hours of the day and departments, as bits. */
  readonly leftHours: number;
  readonly leftDepartments: bigint;
}

const columns: readonly Column<ChangedCell>[] = [
  { name: 'area', type: 'text', of: ({ area }) => area },
  { name: 'theme', type: 'integer', of: ({ theme }) => theme },
  { name: 'technology', type: 'integer', of: ({ technology }) => technology },
  { name: 'day', type: 'date', of: ({ day }) => day },
  { name: 'left_hours', type: 'integer', of: ({ leftHours }) => leftHours },
  { name: 'left_departments', type: 'bigint', of: ({ leftDepartments }) => leftDepartments },
];

export async function markCells(
  cells: readonly ChangedCell[],
  tx: Transaction<Tables>,
): Promise<void> {
  await sql`
    INSERT INTO signpost.changed_cells (${namesOf(columns)})
    SELECT * FROM ${unnested(columns, cells)} AS new`.execute(tx);
}

/** The cells that facts leave and enter, each once. */
export function cellsOf(changes: readonly Change[]): readonly ChangedCell[] {
  const cells: ChangedCell[] = [];
  for (const { before, after } of changes) {
    if (before !== undefined) cells.push(...cellsOfFact(before, true));
    cells.push(...cellsOfFact(after, false));
  }
  return mergedCells(cells);
}

export function mergedCells<Cell extends ChangedCell>(cells: readonly Cell[]): readonly Cell[] {
  const byKey = new Map<string, Cell>();
  for (const cell of cells) {
    const { area, theme, technology, day } = cell;
    const key = `${day}/${theme}/${technology}/${area ?? ''}`;
    const known = byKey.get(key);
    byKey.set(
      key,
      known === undefined
        ? cell
        : {
            ...known,
            leftHours: known.leftHours | cell.leftHours,
            leftDepartments: known.leftDepartments | cell.leftDepartments,
          },
    );
  }
  return [...byKey.values()];
}

/** A ticket counts on the days when it was opened, reopened and resolved. */
function cellsOfFact(fact: Fact<Numbered>, isLeft: boolean): readonly ChangedCell[] {
  const { at, reopenedAt, resolvedAt, isExact } = countsOf(fact);
  const { place, theme, technology, departments } = fact.says;
  return [at, reopenedAt, resolvedAt].flatMap((moment) =>
    moment === null
      ? []
      : [
          {
            area: place.area,
            theme,
            technology,
            day: dayOf(moment),
            leftHours: isLeft && isExact ? 1 << hourOf(moment) : 0,
            leftDepartments: isLeft ? departments : 0n,
          },
        ],
  );
}

function dayOf(moment: number): string {
  return new Date(moment).toISOString().slice(0, 10);
}

function hourOf(moment: number): number {
  return Math.floor((moment - Math.floor(moment / dayMs) * dayMs) / hourMs);
}
