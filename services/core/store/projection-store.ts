// How far projections are, in the transaction of their rows: a batch's rows and its offset stand together or not at all.
import { sql, type Transaction } from 'kysely';
import { SignpostError } from '../errors.ts';
import type { ProjectionStore } from '../stage.ts';
import type { Db } from './postgres.ts';
import type { Tables } from './tables.ts';

/**
 * A database that `migrate` brought up to date. Whoever acquires a partition gets the next epoch of it; a commit holds
 * the partition's row until its end, so that an older owner either is done before or is refused with nothing written.
 * @throws SignpostError (`commit`) `fenced`, and those of `Db`. After any of these it is not known whether the rows were
 *   written: acquiring again tells.
 */
export function createProjectionStore(db: Db): ProjectionStore<Transaction<Tables>> {
  return {
    async acquire(stage, topic, partition) {
      const { rows } = await sql<{ epoch: number; offset: number | null }>`
        INSERT INTO signpost.projections AS p (stage, topic, partition, epoch)
        VALUES (${stage}, ${topic}, ${partition}, 1)
        ON CONFLICT (stage, topic, partition) DO UPDATE SET epoch = p.epoch + 1
        RETURNING epoch::float8 AS epoch, next_offset::float8 AS "offset"`.execute(db.query);
      const { epoch, offset } = rows[0]!;
      return { epoch, offset: offset ?? undefined };
    },

    async commit({ stage, topic, partition, epoch, nextOffset }, apply) {
      await db.query.transaction().execute(async (tx) => {
        const { rows } = await sql<{ epoch: number }>`
          SELECT epoch::float8 AS epoch FROM signpost.projections
          WHERE stage = ${stage} AND topic = ${topic} AND partition = ${partition}
          FOR UPDATE`.execute(tx);
        if (rows[0]?.epoch !== epoch) throw fenced(stage, topic, partition);
        await apply(tx);
        await sql`
          UPDATE signpost.projections SET next_offset = ${nextOffset}
          WHERE stage = ${stage} AND topic = ${topic} AND partition = ${partition}`.execute(tx);
      });
    },
  };
}

function fenced(stage: string, topic: string, partition: number): SignpostError {
  return new SignpostError(
    'fenced',
    `Another copy of ${stage} took ${topic}, partition ${partition}, over`,
  );
}
