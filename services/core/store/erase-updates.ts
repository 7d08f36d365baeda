// Changes the payloads that claims keep of their entities, in the database of a cluster.
import { sql } from 'kysely';
import type { EntityPayloads } from '../log/entity-payloads.ts';
import { plainArray } from './erased-customers.ts';
import type { Db } from './postgres.ts';
import { shortHash } from './short-hash.ts';

const entitiesAtOnce = 200;

interface Stored {
  readonly entity: string;
  readonly seq: number;
  readonly payload: Uint8Array;
}

/** @throws SignpostError as `Db` does */
export function storedEntities(db: Db): EntityPayloads {
  return {
    async rewriteEntities(entities, change) {
      let changed = 0;
      const ids = [...new Set(entities.map(shortHash))].toSorted();
      for (let at = 0; at < ids.length; at += entitiesAtOnce) {
        const literal = plainArray(ids.slice(at, at + entitiesAtOnce));
        await db.query.transaction().execute(async (tx) => {
          const { rows } = await sql<Stored>`
            SELECT entity, seq, payload FROM signpost.entity_updates
            WHERE entity = ANY (${literal}::uuid[]) ORDER BY entity, seq FOR UPDATE`.execute(tx);
          for (const { entity, seq, payload } of rows) {
            const next = change(payload);
            if (next === payload) continue;
            await sql`UPDATE signpost.entity_updates SET payload = ${Buffer.from(next)}
              WHERE entity = ${entity}::uuid AND seq = ${seq}`.execute(tx);
            changed += 1;
          }
        });
      }
      return changed;
    },
  };
}
