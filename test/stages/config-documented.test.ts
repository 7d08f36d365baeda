// docs/configuration.md lists every setting, its variable and its default: every error about a setting says so.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { kafkaEnvironment, kafkaSettings } from '#core/log/kafka/settings.ts';
import { configSchema, environment } from '../../services/cli/config.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
const [general = '', kafka = ''] = text.split('### The brokers: `kafka:`');

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly oneOf?: readonly Shape[];
  readonly default?: unknown;
}

/** Settings by path, with their defaults. */
function settingsOf(shape: Shape, path: readonly string[] = []): [string, unknown][] {
  const inner = (shape.oneOf ?? [shape]).flatMap(({ properties = {} }) =>
    Object.entries(properties),
  );
  if (inner.length === 0) return [[path.join('.'), shape.default]];
  return inner.flatMap(([name, each]) => settingsOf(each, [...path, name]));
}

/** Rows of tables of settings: name, variable, default. */
function rowsOf(markdown: string): string[][] {
  return markdown
    .split('\n')
    .filter((line) => /^\| `[a-z]/.test(line) && line.split('|').length === 6)
    .map((line) =>
      line
        .split('|')
        .slice(1, 4)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

const variablesIn = (rows: string[][]) =>
  Object.fromEntries(
    rows.flatMap(([name, variable]) => (variable === '' ? [] : [[variable, name]])),
  );

it('every setting of a cluster, its variable and its default are documented, and no other', () => {
  const settings = new Map(settingsOf(z.toJSONSchema(kafkaSettings, { io: 'input' }) as Shape));
  const rows = rowsOf(kafka);
  expect(new Set(rows.map(([name]) => name))).toEqual(new Set(settings.keys()));
  expect(variablesIn(rows)).toEqual(kafkaEnvironment);
  const given = rows.flatMap(([name = '', , told = '']) => {
    const value = settings.get(name);
    return typeof value === 'number' || (typeof value === 'string' && value !== '')
      ? [{ name, told: told.replaceAll(',', ''), is: String(value) }]
      : [];
  });
  expect(given.filter(({ told, is }) => told !== is)).toEqual([]);
});

it('so is every other setting, in an example or a table', () => {
  const shape = z.toJSONSchema(configSchema, { io: 'input' }) as Shape;
  // Settings that stand there as comments have no default to show.
  const yaml = (/```yaml\n([^`]*)```/.exec(general)?.[1] ?? '').replaceAll(
    /^( +)# (?=\w+:)/gm,
    '$1',
  );
  const example = parse(yaml) as Record<string, unknown>;
  const shown = Object.entries(example).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.keys(value).map((inner) => `${name}.${inner}`)
      : [name],
  );
  const rows = rowsOf(general);
  const documented = new Set([...shown, ...rows.map(([name = '']) => name)]);
  const all = settingsOf(shape).map(([name]) => name);
  expect(all.filter((name) => name !== 'kafka' && !documented.has(name))).toEqual([]);
  expect([...documented].filter((name) => !all.includes(name))).toEqual([]);
  expect(variablesIn(rows)).toEqual(environment);
});
