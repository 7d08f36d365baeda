// FULL_TRANSITIVE: each kind of change that one version could not live with is refused by record, field and rule.
import { describe, expect, it } from 'vitest';
import type { SchemaJson } from '../../scripts/schemas/avro-schema.ts';
import { compatibilityProblems } from '../../scripts/schemas/compatibility.ts';
import { records } from './all-codecs.ts';

const mood = {
  type: 'enum',
  name: 'Mood',
  namespace: 'signpost',
  doc: 'A mood.',
  symbols: ['good', 'bad', 'unknown'],
  default: 'unknown',
};
const id = { name: 'id', type: 'string', doc: 'Id.' };
const note = { name: 'note', type: ['null', 'string'], default: null, doc: 'Note.' };
const count = { name: 'count', type: 'int', default: 0, doc: 'Count.' };
const at = { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' }, doc: 'When.' };
const moods = { name: 'moods', type: { type: 'array', items: mood }, doc: 'Moods.' };
const spot = (fields: readonly object[], rest: object = {}) => ({
  name: 'spot',
  type: { type: 'record', name: 'Spot', namespace: 'signpost', doc: 'A spot.', fields, ...rest },
  doc: 'Where.',
});
const x = { name: 'x', type: 'double', doc: 'East, in metres.' };
const all = [id, note, count, at, moods, spot([x])];

function visit(fields: readonly object[], rest: object = {}): SchemaJson {
  return { type: 'record', name: 'Visit', namespace: 'signpost', doc: 'A visit.', fields, ...rest };
}

function withMoods(items: object): SchemaJson {
  return visit([{ ...moods, type: { type: 'array', items } }]);
}

function changed(name: string, change: object): SchemaJson {
  return visit(all.map((field) => (field.name === name ? { ...field, ...change } : field)));
}

describe('a change that one version could not live with is refused', () => {
  it.each<[string, SchemaJson, string]>([
    [
      'a record renamed',
      visit(all, { name: 'Call' }),
      'visit, the record itself: signpost.Visit became signpost.Call (record-renamed)',
    ],
    [
      'a namespace changed',
      visit(all, { namespace: 'other' }),
      'visit, the record itself: signpost.Visit became other.Visit (record-renamed)',
    ],
    [
      'a field added without a default',
      visit([...all, { ...id, name: 'extra' }]),
      'visit, field extra: new fields need a default (field-added-without-default)',
    ],
    [
      'a field removed that had no default',
      visit(all.slice(1)),
      'visit, field id: old readers need it (field-removed-without-default)',
    ],
    [
      'a field renamed with an alias',
      changed('id', { name: 'key', aliases: ['id'] }),
      'visit, field id: became key; aliases help new readers only (field-renamed)',
    ],
    [
      'a field renamed without an alias',
      changed('id', { name: 'key' }),
      'visit, field id: old readers need it (field-removed-without-default)',
    ],
    [
      'a type changed',
      changed('id', { type: 'bytes' }),
      'visit, field id: was string, is bytes (type-changed)',
    ],
    [
      'a type widened',
      changed('count', { type: 'long' }),
      'visit, field count: was int, is long (type-changed)',
    ],
    [
      'a type narrowed',
      changed('at', { type: 'int' }),
      'visit, field at: was long (timestamp-millis), is int (type-changed)',
    ],
    [
      'a logical type dropped',
      changed('at', { type: 'long' }),
      'visit, field at: was long (timestamp-millis), is long (type-changed)',
    ],
    [
      'null allowed',
      changed('id', { type: ['null', 'string'], default: null }),
      'visit, field id: was string, is null or string (type-changed)',
    ],
    [
      'null refused',
      changed('note', { type: 'string', default: '' }),
      'visit, field note: was null or string, is string (type-changed)',
    ],
    [
      'items changed',
      changed('moods', { type: { type: 'array', items: 'string' } }),
      'visit, field moods: was signpost.Mood, is string (type-changed)',
    ],
    [
      'an array made a map',
      changed('moods', { type: { type: 'map', values: mood } }),
      'visit, field moods: was array of signpost.Mood, is map of signpost.Mood (type-changed)',
    ],
    [
      'a default changed',
      changed('count', { default: 1 }),
      'visit, field count: 0 became 1: versions would disagree (default-changed)',
    ],
    [
      'a default removed',
      visit([id, note, { name: 'count', type: 'int', doc: 'Count.' }, at, moods, spot([x])]),
      'visit, field count: had the default 0 (default-removed)',
    ],
    [
      'an alias added to a field',
      changed('id', { aliases: ['key'] }),
      'visit, field id: aliases are not read the same by every client (aliases-changed)',
    ],
    [
      'an alias added to a record',
      visit(all, { aliases: ['signpost.Stay'] }),
      'visit, the record itself: aliases are not read the same by every client (aliases-changed)',
    ],
    [
      'a symbol removed',
      changed('moods', {
        type: { type: 'array', items: { ...mood, symbols: ['good', 'unknown'] } },
      }),
      'visit, field moods: bad of signpost.Mood stands in published records (enum-symbol-removed)',
    ],
    [
      "an enum's default removed",
      changed('moods', { type: { type: 'array', items: { ...mood, default: undefined } } }),
      'visit, field moods: signpost.Mood needs a default for symbols a reader does not know (enum-without-default)',
    ],
    [
      "an enum's default changed",
      changed('moods', { type: { type: 'array', items: { ...mood, default: 'bad' } } }),
      'visit, field moods: unknown became bad (enum-default-changed)',
    ],
    [
      'an enum renamed',
      changed('moods', { type: { type: 'array', items: { ...mood, name: 'Humour' } } }),
      'visit, field moods: signpost.Mood became signpost.Humour (enum-renamed)',
    ],
    [
      'a nested field added without a default',
      visit([...all.slice(0, 5), spot([x, { ...x, name: 'y' }])]),
      'visit, field spot.y: new fields need a default (field-added-without-default)',
    ],
    [
      'a nested field removed',
      visit([...all.slice(0, 5), spot([{ ...x, name: 'y', default: 0 }])]),
      'visit, field spot.x: old readers need it (field-removed-without-default)',
    ],
    [
      'a nested record renamed',
      visit([...all.slice(0, 5), spot([x], { name: 'Point' })]),
      'visit, field spot: signpost.Spot became signpost.Point (record-renamed)',
    ],
  ])('%s', (_, newer, message) => {
    expect(
      compatibilityProblems('visit', visit(all), newer).map((problem) => problem.message),
    ).toContain(message);
  });

  it('a symbol added to an enum whose readers know no default', () => {
    const bare = { ...mood, default: undefined };
    const grown = { ...mood, symbols: [...mood.symbols, 'mixed'] };
    expect(compatibilityProblems('visit', withMoods(bare), withMoods(grown))).toEqual([
      expect.objectContaining({ rule: 'enum-without-default' }),
    ]);
  });
});

describe('a change that every version can live with is allowed', () => {
  it.each<[string, SchemaJson]>([
    ['nothing', visit(all)],
    ['docs', visit(all.map((field) => ({ ...field, doc: 'Better said.' })))],
    ['a nullable field added', visit([...all, { ...note, name: 'extra' }])],
    [
      'a nested field added with a default',
      visit([...all.slice(0, 5), spot([x, { ...x, name: 'y', default: 0 }])]),
    ],
    ['a field removed that had a default', visit(all.filter(({ name }) => name !== 'count'))],
    ['fields in another order', visit(all.toReversed())],
    [
      'a symbol added',
      changed('moods', {
        type: { type: 'array', items: { ...mood, symbols: ['mixed', ...mood.symbols] } },
      }),
    ],
    ['a default added', changed('id', { default: '' })],
  ])('%s', (_, newer) => {
    expect(compatibilityProblems('visit', visit(all), newer)).toEqual([]);
  });

  it.each(records)('the schema of $record follows itself', ({ record, schema }) => {
    expect(compatibilityProblems(record, schema, schema)).toEqual([]);
  });
});
