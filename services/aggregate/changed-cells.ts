// Notes which cells of tickets.aggregated.v1 a batch of changes may have changed: those that facts leave and enter.
import { sql, type Transaction } from 'kysely';
import type { Tables } from '#core/store/tables.ts';
import { namesOf, unnested, type Column } from '#core/store/unnest.ts';
import { countsOf, type Fact } from './fact.ts';
import type { Numbered } from './names.ts';
import type { Change } from './rows.ts';

const dayMs = 86_400_000;

interface Cell {
  readonly area: string | null;
  readonly theme: number;
  readonly technology: number;
  /** Days since 1970-01-01, UTC. */
  readonly day: number;
}

const columns: readonly Column<Cell>[] = [
  { name: 'area', type: 'text', of: ({ area }) => area },
  { name: 'theme', type: 'integer', of: ({ theme }) => theme },
  { name: 'technology', type: 'integer', of: ({ technology }) => technology },
  { name: 'day', type: 'date', of: ({ day }) => new Date(day * dayMs).toISOString().slice(0, 10) },
];

export async function writeChangedCells(
  changes: readonly Change[],
  tx: Transaction<Tables>,
): Promise<void> {
  const cells = new Map<string, Cell>();
  for (const { before, after } of changes) {
    if (before !== undefined) addCells(before, cells);
    addCells(after, cells);
  }
  await sql`
    INSERT INTO signpost.changed_cells (${namesOf(columns)})
    SELECT * FROM ${unnested(columns, [...cells.values()])} AS new`.execute(tx);
}

/** A ticket counts on the days when it was opened, reopened and resolved. */
function addCells(fact: Fact<Numbered>, cells: Map<string, Cell>): void {
  const { at, reopenedAt, resolvedAt } = countsOf(fact);
  const { place, theme, technology } = fact.says;
  for (const moment of [at, reopenedAt, resolvedAt]) {
    if (moment === null) continue;
    const day = Math.floor(moment / dayMs);
    cells.set(`${day}/${theme}/${technology}/${place.area ?? '/'}`, {
      area: place.area,
      theme,
      technology,
      day,
    });
  }
}
