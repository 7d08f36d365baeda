// The form of tables as the database itself tells it, as statements that make others like them: so whatever an
// administrator granted, and whatever migrations made of them, is kept.
import { sql, type Kysely } from 'kysely';
import type { Tables } from '../tables.ts';
import { besideText, schemas } from './beside-queries.ts';

type Queries = Kysely<Tables>;

/**
 * Statements that make an empty table beside of each: columns, keys, checks, indexes, what is sampled of columns, and
 * triggers that do with the tables beside what the live ones do with live tables.
 */
export async function makingOf(
  queries: Queries,
  tables: readonly string[],
): Promise<readonly string[]> {
  const rewrite = besideText(tables);
  const made = tables.map(
    (table) => `CREATE TABLE ${schemas.beside}.${table} (LIKE ${schemas.live}.${table}
      INCLUDING ALL EXCLUDING INDEXES)`,
  );
  const { rows: constraints } = await sql<{ statement: string }>`
    SELECT format('ALTER TABLE signpost.%I ADD CONSTRAINT %I %s', c.relname, k.conname,
      pg_get_constraintdef(k.oid)) AS statement
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE c.relnamespace = 'signpost'::regnamespace AND c.relname = ANY (${arrayOf(tables)}::text[])
      AND k.contype IN ('p', 'u', 'x', 'f') AND k.conparentid = 0
    ORDER BY k.contype = 'f', c.relname, k.conname`.execute(queries);
  const { rows: indexes } = await sql<{ statement: string }>`
    SELECT pg_get_indexdef(i.indexrelid) AS statement
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'signpost'::regnamespace AND c.relname = ANY (${arrayOf(tables)}::text[])
      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
    ORDER BY 1`.execute(queries);
  // Before the tables hold anything: what is sampled of words would outlive them.
  const { rows: samples } = await sql<{ statement: string }>`
    SELECT format('ALTER TABLE signpost.%I ALTER COLUMN %I SET STATISTICS %s', c.relname, a.attname, a.attstattarget)
      AS statement
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = 'signpost'::regnamespace AND c.relname = ANY (${arrayOf(tables)}::text[])
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attstattarget >= 0
    ORDER BY 1`.execute(queries);
  const { rows: functions } = await sql<{ name: string; statement: string }>`
    SELECT DISTINCT p.proname AS name, pg_get_functiondef(p.oid) AS statement
    FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_proc p ON p.oid = g.tgfoid
    WHERE c.relnamespace = 'signpost'::regnamespace AND c.relname = ANY (${arrayOf(tables)}::text[])
      AND p.pronamespace = 'signpost'::regnamespace AND NOT g.tgisinternal`.execute(queries);
  const { rows: triggers } = await sql<{ statement: string }>`
    SELECT pg_get_triggerdef(g.oid) AS statement FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
    WHERE c.relnamespace = 'signpost'::regnamespace AND c.relname = ANY (${arrayOf(tables)}::text[])
      AND NOT g.tgisinternal`.execute(queries);
  const withFunctions = besideText([...tables, ...functions.map(({ name }) => name)]);
  return [
    ...made,
    ...[...constraints, ...indexes, ...samples].map(({ statement }) => rewrite(statement)),
    ...[...functions, ...triggers].map(({ statement }) => withFunctions(statement)),
  ];
}

/**
 * Statements that give tables which have taken the place of these what these have beside their columns and indexes:
 * owner, options, rights, triggers, row-level rules, and the views that are of them. To be asked before they are moved.
 */
export async function dressOf(
  queries: Queries,
  tables: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ statement: string }>`
    WITH t AS (
      SELECT c.*, format('signpost.%I', c.relname) AS name FROM pg_class c
      WHERE c.relnamespace = 'signpost'::regnamespace AND c.relname = ANY (${arrayOf(tables)}::text[])
    ),
    rights AS (
      SELECT t.name, NULL AS col, (aclexplode(t.relacl)).* FROM t
      UNION ALL
      SELECT t.name, a.attname, (aclexplode(a.attacl)).* FROM t
      JOIN pg_attribute a ON a.attrelid = t.oid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    ),
    statements AS (
      SELECT 1 AS step, 0 AS part, format('ALTER TABLE %s OWNER TO %I', name, pg_get_userbyid(relowner)) AS statement
      FROM t WHERE pg_get_userbyid(relowner) <> current_user
      UNION ALL
      SELECT 2, 0, format('ALTER TABLE %s SET (%s)', name, array_to_string(reloptions, ', ')) FROM t
      WHERE reloptions IS NOT NULL
      UNION ALL
      SELECT 2, 1, format('ALTER TABLE %s SET (toast.%s)', t.name, array_to_string(o.reloptions, ', toast.'))
      FROM t JOIN pg_class o ON o.oid = t.reltoastrelid WHERE o.reloptions IS NOT NULL
      UNION ALL
      SELECT 3, 0, format('GRANT %s%s ON %s TO %s%s', r.privilege_type, ' (' || quote_ident(r.col) || ')', r.name,
        CASE r.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.grantee)) END,
        CASE WHEN r.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM rights r WHERE r.grantee = 0 OR pg_get_userbyid(r.grantee) <> current_user
      UNION ALL
      SELECT 4, 0, format('DROP TRIGGER %I ON %s', g.tgname, t.name) FROM pg_trigger g JOIN t ON t.oid = g.tgrelid
      WHERE NOT g.tgisinternal
      UNION ALL
      SELECT 4, 1, pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal
      UNION ALL
      SELECT 5, 0, format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.policyname, t.name, p.permissive, p.cmd,
        (SELECT string_agg(CASE role WHEN 'public' THEN 'PUBLIC' ELSE quote_ident(role) END, ', ')
          FROM unnest(p.roles) AS role),
        ' USING (' || p.qual || ')', ' WITH CHECK (' || p.with_check || ')')
      FROM pg_policies p JOIN t ON t.relname = p.tablename WHERE p.schemaname = 'signpost'
      UNION ALL
      SELECT 6, 0, format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', name) FROM t WHERE relrowsecurity
      UNION ALL
      SELECT 6, 1, format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', name) FROM t WHERE relforcerowsecurity
      UNION ALL
      SELECT DISTINCT 7, 0, format('CREATE OR REPLACE VIEW %I.%I%s AS %s', n.nspname, v.relname,
        ' WITH (' || array_to_string(v.reloptions, ', ') || ')', pg_get_viewdef(v.oid))
      FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid JOIN pg_class v ON v.oid = w.ev_class
      JOIN pg_namespace n ON n.oid = v.relnamespace
      WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid IN (SELECT oid FROM t) AND v.relkind = 'v'
    )
    SELECT statement FROM statements ORDER BY step, part, statement`.execute(queries);
  return rows.map(({ statement }) => statement);
}

/** What would go with the tables, or go on reading the old ones, since no statement above makes it anew. */
export async function hindrances(
  queries: Queries,
  tables: readonly string[],
): Promise<readonly string[]> {
  const { rows } = await sql<{ what: string }>`
    WITH t AS (
      SELECT oid FROM pg_class
      WHERE relnamespace = 'signpost'::regnamespace AND relname = ANY (${arrayOf(tables)}::text[])
    )
    SELECT DISTINCT 'materialized view ' || v.oid::regclass AS what
    FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid JOIN pg_class v ON v.oid = w.ev_class
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid IN (SELECT oid FROM t) AND v.relkind = 'm'
    UNION
    SELECT 'foreign key ' || k.conname || ' of ' || k.conrelid::regclass FROM pg_constraint k
    WHERE k.contype = 'f' AND k.confrelid IN (SELECT oid FROM t) AND k.conrelid NOT IN (SELECT oid FROM t)
    UNION
    SELECT 'function ' || d.objid::regprocedure FROM pg_depend d
    WHERE d.classid = 'pg_proc'::regclass AND d.refobjid IN (SELECT oid FROM t) AND d.deptype = 'n'
    UNION
    SELECT 'table ' || i.inhrelid::regclass FROM pg_inherits i WHERE i.inhparent IN (SELECT oid FROM t)
    ORDER BY 1`.execute(queries);
  return rows.map(({ what }) => what);
}

/** Names of tables of this code, which need no quotes. */
export function arrayOf(names: readonly string[]): string {
  return `{${names.join(',')}}`;
}
