// A schema tree over time: what is published stays, ids stay, and the newest codec reads what older ones wrote.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Codec } from '#core/codec.ts';
import { sourceProblems } from '../../scripts/schemas/check-source.ts';
import { codeFiles } from '../../scripts/schemas/outputs.ts';
import { publish, publishedProblems } from '../../scripts/schemas/published.ts';
import { readSchemas } from '../../scripts/schemas/source.ts';
import { schemasRoot } from './all-codecs.ts';

// Within the repository, so that `#core/…` of generated code resolves.
const home = join(import.meta.dirname, '../../.cache/schema-versions', String(process.pid));
const tree = join(home, 'schemas');
const readText = (path: string) => readFileSync(join(tree, path), 'utf8');
const write = (path: string, json: unknown) => {
  writeFileSync(join(tree, path), typeof json === 'string' ? json : JSON.stringify(json, null, 2));
};
const edit = (path: string, change: (text: string) => string) =>
  write(path, change(readText(path)));
const problems = () => publishedProblems(tree, readSchemas(tree)).map(({ message }) => message);

beforeEach(() => {
  mkdirSync(home, { recursive: true });
  cpSync(schemasRoot, tree, { recursive: true });
  // What is not published yet is, so that every newest version is guarded.
  publish(tree, readSchemas(tree));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function problemOfSource(): void {
  const found = sourceProblems(readSchemas(tree));
  if (found.length > 0) throw new Error(found.join('\n'));
}

async function loadCodec(record: string, name: string): Promise<Codec<Record<string, unknown>>> {
  const folder = join(home, `generated-${record}-${name}-${Math.random().toString(36).slice(2)}`);
  for (const [path, text] of codeFiles(readSchemas(tree))) {
    const file = join(folder, path.replace('schemas/generated/', ''));
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }
  const module = (await import(pathToFileURL(join(folder, `${record}.ts`)).href)) as Record<
    string,
    unknown
  >;
  return module[name] as Codec<Record<string, unknown>>;
}

/** Version 2 of `judgement`: fields and a symbol more, a field with a default fewer, another order. */
function judgementV2(): void {
  const v1 = JSON.parse(readText('judgement/v1.avsc')) as {
    fields: { name: string; type: unknown }[];
  };
  const fields = v1.fields.filter(({ name }) => name !== 'theme').toReversed();
  const verdict = fields.find(({ name }) => name === 'verdict') as { type: { symbols: string[] } };
  verdict.type.symbols = ['mixed', ...verdict.type.symbols];
  write('judgement/v2.avsc', {
    ...v1,
    fields: [
      ...fields,
      { name: 'place', type: ['null', 'signpost.Place'], default: null, doc: 'Where.' },
      { name: 'tags', type: { type: 'array', items: 'string' }, default: ['none'], doc: 'Tags.' },
      { name: 'trust', type: 'double', default: 0.5, doc: 'From 0 to 1.' },
      { name: 'status', type: 'signpost.TicketStatus', default: 'held', doc: 'Status.' },
    ],
  });
  write('judgement/v2.samples.json', readText('judgement/v1.samples.json'));
  edit('ids.json', (text) =>
    text.replace('"judgement": { "1": 8 }', '"judgement": { "1": 8, "2": 42 }'),
  );
}

describe('what was published', () => {
  it('is accepted as it is', () => expect(problems()).toEqual([]));

  it('may get better docs', () => {
    edit('signal/v1.avsc', (text) =>
      text.replace('What was said, redacted; null without words.', 'The words.'),
    );
    expect(problems()).toEqual([]);
  });

  it('takes no change in its version, not even one that every reader could live with', () => {
    edit('ticket-aggregate/v1.avsc', (text) =>
      text.replace('"default": {}', '"default": { "none": 1 }'),
    );
    expect(problems()).toEqual([
      'ticket-aggregate, field severities: version 1 is published; put the change into ticket-aggregate/v2.avsc (published-version-changed)',
    ]);
  });

  it('feels a change of a type that records share', () => {
    edit('types/place.avsc', (text) => text.replace('"name": "site"', '"name": "cell"'));
    const records = new Set(problems().map((message) => message.split(',')[0]));
    expect([...records]).toEqual([
      'community-post',
      'insight',
      'signal',
      'survey-answer',
      'trouble-ticket',
    ]);
  });

  it('stays byte for byte, docs too', () => {
    edit('published/signal/v1.avsc', (text) =>
      text.replace('"doc": "Name of the source."', '"doc": "Source."'),
    );
    expect(problems()).toEqual([
      'published/signal/v1.avsc is not what was published (published-file-changed)',
    ]);
  });

  it('stays there', () => {
    rmSync(join(tree, 'published/judgement/v1.avsc'));
    expect(problems()).toEqual([
      'published/judgement/v1.avsc is not what was published (published-file-changed)',
    ]);
  });

  it('is never smuggled in without a fingerprint', () => {
    write('published/judgement/v7.avsc', readText('published/judgement/v1.avsc'));
    expect(problems()).toEqual([
      'published/judgement/v7.avsc has no fingerprint (published-file-changed)',
    ]);
  });

  it('keeps its id', () => {
    edit('ids.json', (text) => text.replace('"judgement": { "1": 8 }', '"judgement": { "1": 99 }'));
    expect(problems()).toEqual([
      'ids.json: judgement version 1 was published as 8 (published-id-changed)',
    ]);
  });

  it('is compared with the newest version, across all in between', () => {
    judgementV2();
    expect(problems()).toEqual([]);
    publish(tree, readSchemas(tree));
    const v2 = JSON.parse(readText('judgement/v2.avsc')) as { fields: object[] };
    const fields = [
      ...v2.fields,
      { name: 'theme', type: ['null', 'int'], default: null, doc: 'Theme.' },
    ];
    write('judgement/v3.avsc', { ...v2, fields });
    write('judgement/v3.samples.json', readText('judgement/v1.samples.json'));
    edit('ids.json', (text) => text.replace('"2": 42', '"2": 42, "3": 43'));
    expect(problems()).toEqual(['judgement, field theme: was string, is int (type-changed)']);
  });
});

describe('ids', () => {
  it('are refused when two versions share one', () => {
    edit('ids.json', (text) => text.replace('"judgement": { "1": 8 }', '"judgement": { "1": 9 }'));
    expect(() => readSchemas(tree)).toThrow(
      'judgement version 1 and ticket-aggregate version 1 share id 9',
    );
  });

  it('are refused when missing', () => {
    edit('ids.json', (text) => text.replace('"judgement": { "1": 8 }', '"judgement": {}'));
    expect(() => readSchemas(tree)).toThrow('ids.json: judgement version 1 has no id');
  });
});

describe('a codec of a newer version', () => {
  it('reads what the older wrote, with defaults for what is new', async () => {
    const older = await loadCodec('judgement', 'judgementCodec');
    judgementV2();
    const newer = await loadCodec('judgement', 'judgementCodec');
    const [{ record } = { record: {} }] =
      readSchemas(tree).records.find((r) => r.record === 'judgement')?.samples ?? [];
    const { theme, ...kept } = record as Record<string, unknown>;
    expect(theme).toBe('coverage');
    expect([older.schemaId, newer.schemaId]).toEqual([8, 42]);
    const news = { place: null, tags: ['none'], trust: 0.5, status: 'held' };
    expect(newer.decode(older.encode(record))).toStrictEqual({ ...kept, ...news });
    const written = { ...kept, verdict: 'mixed', ...news };
    expect(newer.decode(newer.encode(written))).toStrictEqual(written);
    expect(() => older.decode(newer.encode(written))).toThrow(
      'schema id 42 is none of this record',
    );
  });

  it('reads records whose shared types have grown since', async () => {
    const older = await loadCodec('signal', 'signalCodec');
    edit('types/place.avsc', (text) =>
      text.replace(
        '"fields": [',
        '"fields": [{"name": "floor", "type": ["null", "int"], "default": null, "doc": "Floor."},',
      ),
    );
    for (const [record, newest, id] of [
      ['signal', 1, 4],
      ['insight', 2, 11],
      ['trouble-ticket', 1, 1],
      ['community-post', 1, 2],
      ['survey-answer', 1, 3],
    ] as const) {
      const next = newest + 1;
      write(`${record}/v${next}.avsc`, readText(`${record}/v${newest}.avsc`));
      write(`${record}/v${next}.samples.json`, readText(`${record}/v${newest}.samples.json`));
      edit('ids.json', (text) =>
        text.replace(`"${newest}": ${id} }`, `"${newest}": ${id}, "${next}": ${id + 100} }`),
      );
    }
    expect(problems()).toEqual([]);
    const newer = await loadCodec('signal', 'signalCodec');
    const sample =
      readSchemas(tree).records.find(({ record }) => record === 'signal')?.samples[0]?.record ?? {};
    expect(newer.decode(older.encode(sample))).toStrictEqual({
      ...sample,
      place: { ...(sample['place'] as object), floor: null },
    });
  });
});

describe('a schema is refused', () => {
  it.each<[string, string, string, string]>([
    [
      'with a union of more than null and one type',
      '["null", "string"]',
      '["null", "string", "int"]',
      'alert/v2.avsc, field product: a union must be null and one other type',
    ],
    [
      'with a type that codecs do not know',
      '"type": ["null", "double"]',
      '"type": ["null", "float"]',
      'is not used here',
    ],
    [
      'without a doc',
      '"doc": "Product concerned."',
      '"doc": ""',
      'alert/v2.avsc, field product: doc is missing',
    ],
    [
      'with a reference to nothing',
      '["null", "string"]',
      '["null", "signpost.Nothing"]',
      'signpost.Alert, field product: no type signpost.Nothing',
    ],
    [
      'that refers to itself',
      '["null", "string"]',
      '["null", "signpost.Alert"]',
      'signpost.Alert refers to itself',
    ],
    [
      'with an enum that leaves no room for later symbols',
      '"default": "unknown"',
      '"default": null',
      'signpost.AlertState: an enum needs a default',
    ],
    [
      'with a name that is not camelCase',
      '"name": "product"',
      '"name": "Product_1"',
      'names are camelCase',
    ],
  ])('%s', (_, from, to, message) => {
    edit('alert/v2.avsc', (text) => text.replace(from, to));
    expect(problemOfSource).toThrow(message);
  });
});
