// The table that docs/archive-queries.md tells Trino and Athena of has the columns that files of the archive have.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { insights, revisions } from '../../services/archive/datasets.ts';
import { symlinksKey } from '../../services/archive/layout.ts';
import { root } from '../support/command.ts';
import { hiveColumns } from '../support/hive-table.ts';
import { sqlBlocks } from '../support/sql-blocks.ts';

const [table = '', view = ''] =
  sqlBlocks(readFileSync(join(root, 'docs/archive-queries.md'), 'utf8')).get('Trino and Athena') ??
  [];

test('the documented table has the columns of the files, for judgements made anew too', () => {
  const [, columns] = /^CREATE EXTERNAL TABLE insights \(\n(.*)\n\)\nPARTITIONED BY/s.exec(table)!;
  expect(columns).toBe(hiveColumns(insights));
  expect(hiveColumns(revisions)).toBe(hiveColumns(insights));
});

test('it lies where the lists of files are', () => {
  const [, location] = /LOCATION 's3:\/\/acme-signpost-archive\/signpost\/([^']+)'/.exec(table)!;
  expect(symlinksKey(insights, '2026-11-22')).toBe(`${location}day=2026-11-22/manifest`);
});

test('its view ranks records as the DuckDB query does', () => {
  const blocks = sqlBlocks(readFileSync(join(root, 'docs/archive-queries.md'), 'utf8'));
  const order = /ORDER BY\s+(signal\.revision DESC.*?)\s+\) AS place/s;
  const ofDuck = order.exec(blocks.get('What stands')![0]!)![1]!;
  expect(order.exec(view)![1]!.replaceAll('"', '')).toBe(ofDuck);
});
