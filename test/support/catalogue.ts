// Everything that the catalogue of a database says of Signpost's schemas, by name and without numbers of objects: two
// databases made in different ways are compared by it.
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '#core/store/postgres.ts';

const ours = sql.raw(`('signpost'::regnamespace, 'signpost_views'::regnamespace)`);

const questions: readonly RawBuilder<{ line: string }>[] = [
  sql`SELECT concat_ws(' ', 'relation', c.oid::regclass, c.relkind, pg_get_userbyid(c.relowner), c.relrowsecurity,
      c.relforcerowsecurity, c.reloptions, (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(c.relacl) a),
      (SELECT o.reloptions FROM pg_class o WHERE o.oid = c.reltoastrelid)) AS line
    FROM pg_class c WHERE c.relnamespace IN ${ours} AND c.relkind <> 't'`,
  sql`SELECT concat_ws(' ', 'column', a.attrelid::regclass,
    row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum), a.attname, format_type(a.atttypid, a.atttypmod),
      a.attnotnull, a.attidentity, a.attgenerated, a.attstorage, a.attacl,
      pg_get_expr(d.adbin, d.adrelid)) AS line
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace IN ${ours} AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind <> 'i'`,
  sql`SELECT concat_ws(' ', 'constraint', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) AS line
    FROM pg_constraint k WHERE k.connamespace IN ${ours}`,
  sql`SELECT concat_ws(' ', 'index', pg_get_indexdef(i.indexrelid)) AS line
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace IN ${ours}`,
  sql`SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(g.oid), g.tgenabled) AS line
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid WHERE c.relnamespace IN ${ours} AND NOT g.tgisinternal`,
  sql`SELECT concat_ws(' ', 'policy', p.*) AS line FROM pg_policies p WHERE p.schemaname LIKE 'signpost%'`,
  sql`SELECT concat_ws(' ', 'view', v.oid::regclass, pg_get_viewdef(v.oid)) AS line
    FROM pg_class v WHERE v.relnamespace IN ${ours} AND v.relkind = 'v'`,
  sql`SELECT concat_ws(' ', 'function', pg_get_functiondef(p.oid), p.proacl) AS line
    FROM pg_proc p WHERE p.pronamespace IN ${ours}`,
  sql`SELECT concat_ws(' ', 'sequence', s.seqrelid::regclass, d.refobjid::regclass, d.refobjsubid) AS line
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid
    LEFT JOIN pg_depend d ON d.objid = s.seqrelid AND d.deptype IN ('a', 'i') AND d.classid = 'pg_class'::regclass
    WHERE c.relnamespace IN ${ours}`,
  sql`SELECT concat_ws(' ', 'schema', n.nspname, n.nspacl) AS line FROM pg_namespace n WHERE n.nspname LIKE 'signpost%'`,
];

export async function catalogueOf({ query }: Db): Promise<readonly string[]> {
  return query.transaction().execute(async (tx) => {
    await sql`SELECT set_config('search_path', 'pg_catalog', true)`.execute(tx);
    const lines: string[] = [];
    for (const question of questions) {
      const { rows } = await question.execute(tx);
      lines.push(...rows.map(({ line }) => line));
    }
    return lines.toSorted();
  });
}
