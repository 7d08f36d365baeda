// What makes broad questions quick: the facts of a week, column by column, and which days they hold no more for.
import type { Migration } from '../migrate.ts';

/** In UTC, as everywhere. */
const days = (table: string): string =>
  ['at', 'resolved_at', 'reopened_at']
    .map((column) => `SELECT (${column} AT TIME ZONE 'UTC')::date AS day FROM ${table}`)
    .join(' UNION ');

const marking = (name: string, event: string, tables: readonly string[]): readonly string[] => [
  // As its owner, so that whoever writes facts needs no further privilege and cannot leave a mark out.
  `CREATE FUNCTION signpost.mark_${name}() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      INSERT INTO signpost.changed_days (day)
      SELECT day FROM (${tables.map(days).join(' UNION ')}) AS touched WHERE day IS NOT NULL;
      RETURN NULL;
    END $$`,
  `CREATE TRIGGER mark_${name} AFTER ${event} ON signpost.signals REFERENCING ${tables
    .map((table) => `${table === 'before' ? 'OLD' : 'NEW'} TABLE AS ${table}`)
    .join(' ')}
    FOR EACH STATEMENT EXECUTE FUNCTION signpost.mark_${name}()`,
];

export const packedWeeks: Migration = {
  name: 'packed-weeks',
  statements: [
    // Facts of a week (from Monday, UTC) of a stream of moments (services/core/store/fact-columns.ts) that one set of
    // departments received. `made` is another one whenever it was packed anew.
    `CREATE TABLE signpost.packed_weeks (
      week date NOT NULL,
      stream smallint NOT NULL,
      departments bigint NOT NULL,
      made xid8 NOT NULL DEFAULT pg_current_xact_id(),
      count integer NOT NULL,
      columns bytea NOT NULL,
      PRIMARY KEY (week, stream, departments)
    )`,
    // Numbers of 8 bits do not get smaller by being compressed, and to unpack them takes longer than to read them.
    'ALTER TABLE signpost.packed_weeks ALTER COLUMN columns SET STORAGE EXTERNAL',
    // Days whose facts changed since their week was packed. Rows are added and deleted, never changed: writers do not
    // wait for each other, and whoever packs deletes just the marks of changes that it saw.
    'CREATE TABLE signpost.changed_days (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, day date NOT NULL)',
    'CREATE INDEX changed_days_by_day ON signpost.changed_days (day)',
    ...marking('said', 'INSERT', ['after']),
    ...marking('changed', 'UPDATE', ['before', 'after']),
    ...marking('deleted', 'DELETE', ['before']),
    `CREATE FUNCTION signpost.unpack() RETURNS trigger LANGUAGE plpgsql
      SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        DELETE FROM signpost.packed_weeks;
        RETURN NULL;
      END $$`,
    'CREATE TRIGGER unpack AFTER TRUNCATE ON signpost.signals FOR EACH STATEMENT EXECUTE FUNCTION signpost.unpack()',
    `INSERT INTO signpost.changed_days (day)
      SELECT day FROM (${days('signpost.signals')}) AS touched WHERE day IS NOT NULL`,
    'ALTER TABLE signpost.packed_weeks ENABLE ROW LEVEL SECURITY',
    'CREATE POLICY by_department ON signpost.packed_weeks FOR SELECT TO signpost_reader USING (signpost.may_read(departments))',
    'GRANT SELECT ON signpost.packed_weeks, signpost.changed_days TO signpost_reader',
    // Row-level rules keep an index of words from being used by whom they bind, since the operator might tell of rows it
    // does not return. This tells of entities that the reader may see alone.
    `CREATE FUNCTION signpost.entities_with_words(query tsquery) RETURNS SETOF uuid LANGUAGE sql STABLE
      SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        SELECT entity FROM signpost.words WHERE search @@ query AND signpost.may_read(departments) $$`,
  ],
};
