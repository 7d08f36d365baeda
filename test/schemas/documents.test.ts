// What is generated is fresh, and the AsyncAPI document is one by its specification's own schema.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { goldenFiles } from '../../scripts/schemas/golden.ts';
import { codeFiles, documentFiles } from '../../scripts/schemas/outputs.ts';
import { publishedProblems } from '../../scripts/schemas/published.ts';
import { sourceProblems } from '../../scripts/schemas/check-source.ts';
import * as topology from '../../services/topology.ts';
import { schemasRoot, source } from './all-codecs.ts';

const root = join(schemasRoot, '..');
const documents = documentFiles(source, topology);
const asyncApi = JSON.parse(documents.get('docs/asyncapi.json') ?? '') as {
  channels: Record<string, { address: string; messages: Record<string, unknown> }>;
  operations: Record<string, { action: string; channel: { $ref: string } }>;
};

it('every generated file is fresh', () => {
  const files = [...codeFiles(source), ...goldenFiles(schemasRoot, source), ...documents];
  const stale = files.filter(([path, text]) => readFileSync(join(root, path), 'utf8') !== text);
  expect(stale.map(([path]) => path)).toEqual([]);
});

it('every schema follows the rules and every published version', () => {
  expect(sourceProblems(source)).toEqual([]);
  expect(publishedProblems(schemasRoot, source)).toEqual([]);
});

describe('the AsyncAPI document', () => {
  it('is valid AsyncAPI 3.0', () => {
    const require = createRequire(import.meta.url);
    const specification = require('@asyncapi/specs/schemas/3.0.0-without-$id.json') as object;
    const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
    addFormats.default(ajv);
    const validate = ajv.compile(specification);
    validate(asyncApi);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ ...asyncApi, channels: { odd: { address: 3 } } })).toBe(false);
  });

  it('names every topic, and who reads and writes it', () => {
    const addresses = Object.values(asyncApi.channels).map(({ address }) => address);
    expect(addresses).toEqual([
      ...topology.fixedTopics.map(({ name }) => name),
      'insights.{department}.v1',
    ]);
    const used = Object.values(asyncApi.operations).map(({ channel }) => channel.$ref);
    for (const id of Object.keys(asyncApi.channels)) expect(used).toContain(`#/channels/${id}`);
  });
});

it('the event catalogue tells of every topic, record and field', () => {
  const catalogue = documents.get('docs/events.md') ?? '';
  for (const { name } of topology.fixedTopics) expect(catalogue).toContain(`| \`${name}\` |`);
  for (const type of source.types.values()) {
    expect(catalogue).toContain(type.doc);
    for (const field of type.kind === 'record' ? type.fields : []) {
      expect(catalogue).toContain(`| \`${field.name}\` |`);
    }
  }
});
