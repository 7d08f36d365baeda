// Mappings: what each key does to a row, what a wrong one says, and the shipped ones on rows of their shape.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readMapped } from '../../services/gateway/files/rows.ts';
import { decodeHtmlEntities } from '../../services/gateway/mapping/html-entities.ts';
import {
  loadMapping,
  parseMapping,
  shippedMappings,
  type Mapping,
} from '../../services/gateway/mapping/mapping.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'signpost-mapping-'));
});
afterAll(() => rm(directory, { recursive: true }));

const at = '2025-06-01T10:00:00Z';
const atMs = Date.parse(at);

/** Inputs of a file with these lines, or for a refused line its reason. */
async function inputs(mapping: Mapping | string, ...lines: string[]): Promise<unknown[]> {
  const file = join(directory, 'input');
  await writeFile(file, `${lines.join('\n')}\n`);
  const checked = typeof mapping === 'string' ? parseMapping(mapping, 'test') : mapping;
  const found: unknown[] = [];
  for await (const { results } of readMapped(file, checked, { nowMs: () => Date.UTC(2026, 0, 1) }))
    found.push(...results.map((result) => (result.ok ? result.input : result.reason)));
  return found;
}

/** A ticket mapping with one more field, read from column `x`. */
const withField = (field: string): string => `
source: test
kind: tickets
format: csv
time: { column: at, zone: UTC }
fields:
  id: id
  ${field}
`;

async function valueOf(field: string, cell: string): Promise<unknown> {
  const [found] = await inputs(withField(field), 'id,at,x', `1,${at},"${cell}"`);
  if (typeof found !== 'object' || found === null) return found;
  const own = new Set(['id', 'occurredAt', 'timePrecision']);
  return Object.fromEntries(Object.entries(found).filter(([name]) => !own.has(name)));
}

test('true or false is no id, the field named; as any other value and in a template it is text', async () => {
  const posts = (fields: string): string => `
source: test
kind: posts
format: jsonl
time: { column: at }
fields: ${fields}
`;
  const line = JSON.stringify({ id: 1, at, is: true, x: 'slow' });
  for (const field of ['customerId', 'authorId', 'inReplyTo', 'threadId']) {
    const mapping = posts(`{ id: id, text: x, ${field}: is }`);
    expect(await inputs(mapping, line)).toEqual(['unknown-value']);
  }
  expect(await inputs(posts("{ id: { template: '{is}-{id}' }, text: is }"), line)).toMatchObject([
    { id: 'true-1', text: 'true' },
  ]);
});

describe('a field', () => {
  test.each([
    ['a column', 'name: x', 'slow', { name: 'slow' }],
    ['trimmed', 'name: x', '  slow  ', { name: 'slow' }],
    ['not trimmed', 'name: { column: x, trim: false }', ' slow ', { name: ' slow ' }],
    ['empty is absent', 'name: x', '', {}],
    ['empty by name is absent', 'name: { column: x, empty: [NA, "-"] }', 'NA', {}],
    ['a constant', 'name: { constant: Slow }', '', { name: 'Slow' }],
    [
      'a default for an absent one',
      'name: { column: x, default: unnamed }',
      ' ',
      { name: 'unnamed' },
    ],
    ['a default not needed', 'name: { column: x, default: unnamed }', 'a', { name: 'a' }],
    ['a template', "name: { template: '{x} ({id})' }", 'slow', { name: 'slow (1)' }],
    ['a template with an absent part', "name: { template: '{x} ({id})' }", '', {}],
    ['the line', 'name: $line', '', { name: '2' }],
    [
      'padded',
      'place.postcode: { column: x, pad: { length: 5 } }',
      '2916',
      { place: { postcode: '02916' } },
    ],
    ['without a suffix', 'name: { column: x, dropSuffix: .0 }', '2491.0', { name: '2491' }],
    [
      'without a suffix it does not have',
      'name: { column: x, dropSuffix: .0 }',
      '2491',
      { name: '2491' },
    ],
    ['decoded', 'name: { column: x, decode: html-entities }', 'AT&amp;T', { name: 'AT&T' }],
    [
      'a value of ours',
      'status: { column: x, values: { Open: acknowledged } }',
      'Open',
      { status: 'acknowledged' },
    ],
    [
      'a value without ours',
      'status: { column: x, values: { Open: acknowledged } }',
      'open',
      'unknown-value',
    ],
    [
      'a value without ours, kept',
      'priority: { column: x, values: { 1: high }, other: keep }',
      '2',
      { priority: '2' },
    ],
    [
      'a value without ours, left out',
      'priority: { column: x, values: { 1: high }, other: absent }',
      '2',
      {},
    ],
    [
      'values that YAML would take for others',
      'priority: { column: x, values: { NO: none, 1.0: one, null: nil } }',
      '1.0',
      { priority: 'one' },
    ],
    [
      'a value of the prototype',
      'priority: { column: x, values: { a: b } }',
      'constructor',
      'unknown-value',
    ],
    [
      'a kept value the field cannot have',
      'status: { column: x, values: { a: held }, other: keep }',
      'b',
      'unknown-value',
    ],
    ['a choice without a map', 'status: x', 'inProgress', { status: 'inProgress' }],
    ['a number', 'place.lat: x', '-12.50', { place: { lat: -12.5 } }],
    [
      'a number with a decimal comma',
      "place.lat: { column: x, decimal: ',' }",
      '12,5',
      { place: { lat: 12.5 } },
    ],
    ['a number with both', "place.lat: { column: x, decimal: ',' }", '1.012,5', 'not-a-number'],
    ['an attribute', 'attributes.setting: x', 'Indoor', { attributes: { setting: 'Indoor' } }],
    [
      'a time by the main format',
      'createdAt: x',
      '2025-05-01T00:00:00',
      { createdAt: Date.UTC(2025, 4, 1) },
    ],
    [
      'a time of its own format and zone',
      'createdAt: { column: x, format: d.M.yyyy H:mm, zone: Europe/Berlin }',
      '1.5.2025 0:00',
      { createdAt: Date.UTC(2025, 3, 30, 22) },
    ],
    [
      'a time that may lie ahead',
      'expectedResolutionAt: x',
      '2027-01-01',
      { expectedResolutionAt: Date.UTC(2027, 0, 1) },
    ],
    ['a time that may not', 'resolvedAt: x', '2027-01-01', 'implausible-time'],
    ['an absent time', 'resolvedAt: x', '', {}],
  ])('%s', async (_name, field, cell, expected) => {
    expect(await valueOf(field, cell)).toEqual(expected);
  });

  test('of a file without header is named by the mapping', async () => {
    const mapping = withField('name: what').replace('time:', 'columns: [id, what, at]\ntime:');
    expect(await inputs(mapping, `1,slow,${at}`)).toEqual([
      { id: '1', name: 'slow', occurredAt: atMs, timePrecision: 'instant' },
    ]);
  });

  test('is found behind another delimiter, and in a header with spaces', async () => {
    const mapping = withField('name: x').replace('format: csv', "format: csv\ndelimiter: ';'");
    expect(await inputs(mapping, 'id ; at;"x"', `1;${at};"a;b"`)).toMatchObject([{ name: 'a;b' }]);
  });
});

describe('JSON lines', () => {
  const mapping = `
source: test
kind: tickets
format: jsonl
time: { column: event.at }
fields:
  id: id
  name: a.b
  priority: list.0
  severity: flag
notes:
  each: notes
  fields: { id: id, at: when, text: body.text }
`;
  const row = (extra: object): string => JSON.stringify({ id: 7, event: { at }, ...extra });
  const base = { id: '7', occurredAt: atMs, timePrecision: 'instant' };

  test.each([
    ['a path', { a: { b: 'x' } }, { ...base, name: 'x' }],
    ['a key with a dot goes before a path', { 'a.b': 'y', a: { b: 'x' } }, { ...base, name: 'y' }],
    ['a place in a list', { list: ['first'] }, { ...base, priority: 'first' }],
    ['true', { flag: true }, { ...base, severity: 'true' }],
    ['null is absent', { a: null, flag: null }, base],
    ['a list where a value is expected', { flag: [] }, 'not-a-scalar'],
    ['the length of a text is no value of the row', { a: 'text' }, base],
    [
      'notes',
      { notes: [{ id: 1, when: at, body: { text: 'called' } }, { body: { text: 'again' } }] },
      { ...base, notes: [{ id: '1', at: atMs, text: 'called' }, { text: 'again' }] },
    ],
    ['notes that are no list', { notes: 'called' }, 'not-a-scalar'],
    ['a note with a wrong time', { notes: [{ when: 'x' }] }, 'invalid-time'],
  ])('%s', async (_name, extra, expected) => {
    expect(await inputs(mapping, row(extra))).toEqual([expected]);
  });

  test('a value found in the prototype alone is absent', async () => {
    const inherited = mapping.replace('a.b', 'constructor.name');
    expect(await inputs(inherited, row({}))).toEqual([base]);
  });
});

describe('a wrong mapping says where and what is allowed', () => {
  const good = withField('name: x');
  test.each([
    [
      'an unknown key',
      `${good}colour: blue\n`,
      /unknown key colour; allowed are source, kind, format/,
    ],
    [
      'an unknown key of a field',
      withField('name: { column: x, colour: blue }'),
      /fields → name: unknown key colour; allowed are column, constant/,
    ],
    [
      'an unknown field',
      withField('nam: x'),
      /fields → nam: tickets have no such field; there are id, version/,
    ],
    ['a field of another kind', withField('verbatim: x'), /tickets have no such field/],
    ['an attribute by a bad name', withField('attributes.__proto__: x'), /no such field/],
    [
      'a kind we do not have',
      good.replace('tickets', 'calls'),
      /kind: must be one of tickets, posts, surveys/,
    ],
    ['a format we do not have', good.replace('csv', 'xlsx'), /format: must be csv, tsv or jsonl/],
    [
      'a source with spaces',
      good.replace('source: test', 'source: My Source'),
      /source: must be kebab-case/,
    ],
    ['no source', good.replace('source: test', ''), /source: is missing/],
    ['no id', good.replace('id: id', 'version: id'), /fields: needs id/],
    ['no time', good.replace(/time:.*/, ''), /time: is missing/],
    [
      'two sources of a field',
      withField('name: { column: x, constant: y }'),
      /exactly one of column, constant, template/,
    ],
    ['a template without a column', withField('name: { template: x }'), /at least one \{column\}/],
    [
      'an unknown pseudo-column',
      withField('name: $row'),
      /\$row is unknown; there are \$line, \$fileHash, \$recordHash/,
    ],
    ['a zone for a text', withField('name: { column: x, zone: UTC }'), /for times alone/],
    ['a constant time', withField('createdAt: { constant: x }'), /a time needs a column/],
    [
      'a time pattern',
      good.replace('zone: UTC', 'format: DD.MM.YYYY'),
      /time → format: "DD" is no time token/,
    ],
    [
      'a zone',
      good.replace('zone: UTC', 'zone: Mars'),
      /time → zone: is no time zone; name one such as/,
    ],
    ['an encoding', `${good}encoding: klingon\n`, /encoding: is unknown; name one such as/],
    [
      'a delimiter of two characters',
      `${good}delimiter: '||'\n`,
      /delimiter: must be one character/,
    ],
    [
      'a delimiter for JSON',
      `${good.replace('csv', 'jsonl')}delimiter: ';'\n`,
      /for csv and tsv alone/,
    ],
    [
      'notes in CSV',
      `${good}notes: { each: x, fields: { text: y } }\n`,
      /for tickets in jsonl alone/,
    ],
    ['trim that is neither', withField('name: { column: x, trim: yes }'), /must be true or false/],
    ['broken YAML', 'source: [', /The mapping test is wrong/],
    ['a key twice', `${good}source: again\n`, /Map keys must be unique/],
    ['a list', '- a', /must be a map/],
    ['nothing', '', /must be a map/],
    [
      'a billion laughs',
      `a: &a [x, x, x, x, x, x, x, x, x, x]\n${'bcdefgh'
        .split('')
        .map(
          (name, index) =>
            `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcdefgh'[index]}`).join(', ')}]`,
        )
        .join('\n')}`,
      /too many aliases/,
    ],
  ])('%s', (_name, yaml, message) => {
    expect(() => parseMapping(yaml, 'test')).toThrow(message);
    expect(() => parseMapping(yaml, 'test')).toThrow(
      expect.objectContaining({ code: 'mapping-invalid' }),
    );
  });

  test('a score needs its scale', () => {
    const yaml =
      'source: t\nkind: surveys\nformat: csv\ntime: { column: at }\nfields: { id: id, score: s }\n';
    expect(() => parseMapping(yaml, 't')).toThrow(/needs scale/);
  });
});

describe('loading', () => {
  test('finds the shipped ones by name, and others by path', async () => {
    expect(await shippedMappings()).toEqual([
      'in-call-quality',
      'ke-telco-app-reviews',
      'telco-support-posts',
      'us-isp-complaints',
    ]);
    const path = join(directory, 'own.yaml');
    await writeFile(path, withField('name: x'));
    expect(await loadMapping(path)).toMatchObject({ source: 'test', label: path });
  });

  test('says which are shipped when a name is none of them', async () => {
    await expect(loadMapping('us-isp')).rejects.toMatchObject({
      code: 'mapping-not-found',
      hint: expect.stringContaining('us-isp-complaints'),
    });
    await expect(loadMapping('./nowhere.yaml')).rejects.toMatchObject({
      code: 'mapping-not-found',
    });
  });
});

describe('the shipped mapping', () => {
  test('us-isp-complaints has one clock for all states, and mends the zip', async () => {
    const found = await inputs(
      await loadMapping('us-isp-complaints'),
      'ticket,received_at_local,subject,received_via,city,state,zip,status',
      '1,2015-04-01T10:00:00,No signal,Customer Care Call,Boston,Massachusetts,2116,Solved',
      '2,2015-04-01T10:00:00,Slow,Internet,Phoenix,Arizona,85001,Open',
    );
    expect(found).toEqual([
      {
        id: '1',
        name: 'No signal',
        channel: 'phone',
        status: 'resolved',
        language: 'en',
        place: { country: 'US', region: 'Massachusetts', city: 'Boston', postcode: '02116' },
        occurredAt: Date.UTC(2015, 3, 1, 14),
        timePrecision: 'instant',
      },
      expect.objectContaining({ status: 'acknowledged', occurredAt: Date.UTC(2015, 3, 1, 14) }),
    ]);
  });

  test('telco-support-posts tells customers from the company and mends ids', async () => {
    const found = await inputs(
      await loadMapping('telco-support-posts'),
      'post_id,author_id,inbound,created_at,text,in_reply_to',
      '11,9001,True,Tue Aug 15 12:03:54 +0000 2017,"No signal &amp; no reply\nagain",',
      '12,TelcoHelp,False,Tue Aug 15 12:10:00 +0000 2017,We are sorry,11.0',
    );
    expect(found).toMatchObject([
      {
        id: '11',
        authorId: '9001',
        authorRole: 'customer',
        text: 'No signal & no reply\nagain',
        occurredAt: Date.UTC(2017, 7, 15, 12, 3, 54),
      },
      { id: '12', authorRole: 'company', inReplyTo: '11' },
    ]);
    expect(found[0]).not.toHaveProperty('inReplyTo');
  });

  test('ke-telco-app-reviews gives ratings by the day', async () => {
    const found = await inputs(
      await loadMapping('ke-telco-app-reviews'),
      'response_id,product,answered_on,rating_1_to_5,verbatim',
      'r-1,Some App,2025-09-18,4,It is slow',
    );
    expect(found).toMatchObject([
      {
        id: 'r-1',
        product: 'Some App',
        scale: 'csat',
        score: 4,
        verbatim: 'It is slow',
        occurredAt: Date.UTC(2025, 8, 18),
        timePrecision: 'day',
      },
    ]);
  });

  test('in-call-quality keeps equal rows apart and takes 0,0 for no position', async () => {
    const found = await inputs(
      await loadMapping('in-call-quality'),
      'month,operator,setting,network_type,rating_1_to_5,call_drop_category,latitude,longitude,state',
      '2019-09,Op,Outdoor,Unknown,4,Satisfactory,,,',
      '2019-09,Op,Outdoor,Unknown,4,Satisfactory,,,',
      '2019-09,Op,Indoor,4G,1,Call Dropped,0,0,Goa',
    );
    expect(found).toMatchObject([
      {
        id: expect.stringMatching(/^2019-09-[0-9a-f]{12}-2$/),
        score: 4,
        timePrecision: 'month',
        occurredAt: Date.UTC(2019, 8),
      },
      { id: expect.stringMatching(/^2019-09-[0-9a-f]{12}-3$/) },
      {
        technology: '4G',
        place: { region: 'Goa' },
        attributes: { call_drop_category: 'Call Dropped' },
      },
    ]);
    expect(found[0]).not.toHaveProperty('place');
    expect(found[0]).not.toHaveProperty('technology');
    expect(found[2]).not.toHaveProperty('place.lat');
  });
});

test.each([
  ['&amp;lt;', '&lt;'],
  ['&#39;&#x1F600;&quot;', '\'😀"'],
  ['&#0;&#xD800;&#x110000;&unknown;&constructor;', '&#0;&#xD800;&#x110000;&unknown;&constructor;'],
  ['a & b &amp', 'a & b &amp'],
])('entities in %s are decoded once', (text, expected) => {
  expect(decodeHtmlEntities(text)).toBe(expected);
});
