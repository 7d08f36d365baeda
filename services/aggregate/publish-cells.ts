// Publishes the cells that changed on tickets.aggregated.v1: at least once, the last record of a cell being right.
import { sql, type Transaction } from 'kysely';
import { keepTrying, type KeepTrying } from '#core/keep-trying.ts';
import type { OutgoingRecord } from '#core/log/port.ts';
import type { Db } from '#core/store/postgres.ts';
import { lockKeys } from '#core/store/retention.ts';
import type { Tables } from '#core/store/tables.ts';
import { toOutgoing } from '#core/topic.ts';
import { ticketsAggregated } from '../topology.ts';
import { computeCells, type NamedCell } from './cells.ts';
import { markCells, mergedCells, type ChangedCell } from './changed-cells.ts';

export interface PublishCells extends KeepTrying {
  readonly db: Db;
  /** Writes all of the records durably; see `Log.append`. */
  readonly append: (records: readonly OutgoingRecord[]) => Promise<unknown>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Changes at once; each becomes a few records. */
const portion = 500;
const idleMs = 1000;
/** While another copy publishes. */
const standbyMs = 5000;

/**
 * Publishes until `signal` aborts; any number of copies may run, of which one publishes at a time. What fails outside is
 * logged and tried again; anything else is a bug and is thrown.
 */
export async function publishCells(options: PublishCells): Promise<void> {
  const publish = createCellPublisher(options);
  await keepTrying(async (failures) => {
    // Fewer at once after a failure: it may have been too much for the database or the log.
    const most = Math.max(1, portion >> Math.min(failures, 9));
    const published = await publish(most);
    if (published === null) return standbyMs;
    return published < most ? idleMs : 0;
  }, options);
}

/**
 * Each call publishes the cells of the oldest changes, of so many at most.
 * @returns how many there were; null while another copy publishes
 */
export function createCellPublisher({
  db,
  append,
  now,
}: Pick<PublishCells, 'db' | 'append' | 'now'>): (most?: number) => Promise<number | null> {
  /**
   * Cells whose records may have been written after the lock was lost, behind newer ones of another copy: they are
   * published again.
   */
  let inDoubt: readonly ChangedCell[] = [];
  return async (most = portion) => {
    let appended: readonly ChangedCell[] = [];
    try {
      const published = await db.query.transaction().execute(async (tx) => {
        if (!(await takeLock(tx))) return null;
        if (inDoubt.length > 0) await markCells(inDoubt, tx);
        const changes = await readChanges(tx, most);
        if (changes.length === 0) return 0;
        const cells = mergedCells(changes);
        const at = now();
        const aggregates = await computeCells(cells, tx, at);
        appended = cells;
        await append(
          aggregates.map((record) => toOutgoing(ticketsAggregated, record, { timestamp: at })),
        );
        await deleteChanges(changes, tx);
        return changes.length;
      });
      if (published !== null) inDoubt = [];
      return published;
    } catch (error) {
      inDoubt = mergedCells([...inDoubt, ...appended]);
      throw error;
    }
  };
}

/** Held until the transaction ends: whoever publishes next computes after what is published here. */
async function takeLock(tx: Transaction<Tables>): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    SELECT pg_try_advisory_xact_lock(${sql.lit(lockKeys.cells)}) AS locked`.execute(tx);
  return rows[0]?.locked === true;
}

type Change = NamedCell & { readonly id: string };

async function readChanges(tx: Transaction<Tables>, most: number): Promise<readonly Change[]> {
  const { rows } = await sql<Omit<Change, 'leftDepartments'> & { leftDepartments: string }>`
    SELECT c.id, c.area, c.theme, c.technology, c.day, c.left_hours AS "leftHours",
      c.left_departments AS "leftDepartments", theme.name AS "themeName", technology.name AS "technologyName"
    FROM (SELECT * FROM signpost.changed_cells ORDER BY id LIMIT ${most}) c
    JOIN signpost.labels theme ON theme.id = c.theme
    JOIN signpost.labels technology ON technology.id = c.technology
    ORDER BY c.id`.execute(tx);
  return rows.map((row) => ({ ...row, leftDepartments: BigInt(row.leftDepartments) }));
}

/** Just these: rows that were added meanwhile are of later changes. */
async function deleteChanges(changes: readonly Change[], tx: Transaction<Tables>): Promise<void> {
  const ids = `{${changes.map(({ id }) => id).join(',')}}`;
  await sql`DELETE FROM signpost.changed_cells WHERE id = ANY (${ids}::bigint[])`.execute(tx);
}
