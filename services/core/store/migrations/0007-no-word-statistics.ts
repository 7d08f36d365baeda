// The planner of queries keeps samples of what columns hold. Of words it must not: what is deleted would live on there.
import type { Migration } from '../migrate.ts';

const without = (table: string, ...columns: readonly string[]): readonly string[] =>
  columns.map((column) => `ALTER TABLE signpost.${table} ALTER COLUMN ${column} SET STATISTICS 0`);

/** To give a column its own type again takes away what is known of it. */
const forgotten = (table: string, column: string, type: string): string =>
  `ALTER TABLE signpost.${table} ALTER COLUMN ${column} TYPE ${type}`;

export const noWordStatistics: Migration = {
  name: 'no-word-statistics',
  statements: [
    // A generated column holds on to the one that it is made of.
    'DROP INDEX signpost.words_by_search',
    'ALTER TABLE signpost.words DROP COLUMN search',
    forgotten('words', 'text', 'text'),
    forgotten('words', 'relevances', 'jsonb'),
    `ALTER TABLE signpost.words ADD COLUMN search tsvector
      GENERATED ALWAYS AS (to_tsvector('simple', text)) STORED`,
    'CREATE INDEX words_by_search ON signpost.words USING gin (search)',
    forgotten('entity_updates', 'payload', 'bytea'),
    forgotten('incidents', 'words', 'text[]'),
    forgotten('transitions', 'record', 'jsonb'),
    ...without('words', 'text', 'relevances', 'search'),
    ...without('entity_updates', 'payload'),
    ...without('incidents', 'words'),
    ...without('transitions', 'record'),
  ],
};
