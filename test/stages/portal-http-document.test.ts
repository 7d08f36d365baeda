// The OpenAPI document of the query API: valid, complete, and true to what is answered.
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as answers from '../../services/portal/api/answers.ts';
import { examples } from '../../services/portal/http/examples.ts';
import { openPortal, type TestPortal } from '../support/portal.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: unknown;
  readonly parameters?: readonly (Exemplified & {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  })[];
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Record<string, Exemplified> }>
  >;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly securitySchemes: object };
}

let portal: TestPortal;
let document: Document;
beforeAll(async () => {
  portal = await openPortal({
    streams: { notices: async () => [], listen: () => Readable.from(['']), close: async () => {} },
  });
  document = (await portal.get('/openapi.json')).json<Document>();
});
afterAll(() => portal[Symbol.asyncDispose]());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
const asked = [
  '/v1/aggregates',
  '/v1/areas/rank',
  '/v1/areas/{id}',
  '/v1/waves',
  '/v1/insights',
  '/v1/area-status',
  '/v1/facets',
  '/v1/overview',
  '/v1/me',
];

test('is OpenAPI 3.1 and describes every address', () => {
  expect(document.openapi).toBe('3.1.0');
  const told = operations().map(({ path, method }) => `${method} ${path}`);
  expect(told).toEqual(
    expect.arrayContaining([
      ...asked.map((path) => `get ${path}`),
      'get /v1/streams/{department}',
      'post /v1/session',
      'delete /v1/session',
      'post /v1/judgements',
      'post /v1/tickets',
    ]),
  );
  expect(new Set(operations().map(({ operation }) => operation.operationId)).size).toBe(
    told.length,
  );
});

test('has the structure that OpenAPI 3.1 asks for, and no reference leads nowhere', () => {
  const methods = new Set(['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace']);
  for (const { path, method, operation } of operations()) {
    expect(methods).toContain(method);
    expect(path).toMatch(/^\//);
    const params = operation.parameters ?? [];
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(params.filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(inPath);
    for (const param of params) {
      expect(['query', 'path', 'header', 'cookie']).toContain(param.in);
      expect(param.schema).toBeTypeOf('object');
      expect(param.required === true || param.in !== 'path').toBe(true);
    }
    expect(Object.keys(operation.responses).length).toBeGreaterThan(0);
    for (const [status, response] of Object.entries(operation.responses)) {
      expect(status).toMatch(/^[1-5]\d\d$/);
      expect(response.description).toBeTypeOf('string');
    }
  }
  const schemes = new Set(Object.keys(document.components.securitySchemes));
  const refs = valuesOf(document, '$ref').map(String);
  expect(refs.filter((ref) => resolve(ref) === undefined)).toEqual([]);
  const needed = (valuesOf(document, 'security') as object[][]).flat().flatMap(Object.keys);
  expect(needed.filter((name) => !schemes.has(name))).toEqual([]);
});

test('its schemas are JSON Schema 2020-12, as OpenAPI 3.1 has it, and take their examples', () => {
  const ajv = new Ajv.default({ strict: false });
  addFormats.default(ajv);
  const shown = operations().flatMap(({ path, method, operation }) => [
    ...Object.entries(operation.responses).flatMap(([status, { content = {} }]) =>
      Object.entries(content).map(
        ([type, media]) => [`${method} ${path} ${status} ${type}`, media] as const,
      ),
    ),
    ...(operation.parameters ?? []).map((one) => [`${method} ${path} ${one.name}`, one] as const),
  ]);
  const checked = shown.map(([name, media]) => {
    const validate = ajv.compile(withComponents(media.schema));
    const example = exampleOf(media);
    const isValid = example === undefined || validate(typed(example, media.schema));
    return {
      name,
      isShown: example !== undefined,
      errors: isValid ? '' : ajv.errorsText(validate.errors),
    };
  });
  expect(checked.filter(({ errors }) => errors !== '')).toEqual([]);
  expect(checked.filter(({ isShown }) => isShown).length).toBeGreaterThan(50);
});

describe('of each question', () => {
  test.each(asked)('%s tells parameters, forms, refusals and an example', (path) => {
    const operation = document.paths[path]!['get']!;
    expect(operation.summary).toMatch(/\.$/);
    expect(operation.security).toEqual([{ bearer: [] }, { header: [] }, { session: [] }]);
    expect(Object.keys(operation.responses)).toEqual(
      expect.arrayContaining(['200', '400', '401', '403', '406', '429', '503']),
    );
    const json = operation.responses['200']!.content!['application/json']!;
    expect(exampleOf(json)).toBeDefined();
    const unshown = (operation.parameters ?? []).filter(
      (one) =>
        ['from', 'theme', 'id', 'groupBy'].includes(one.name) && exampleOf(one) === undefined,
    );
    expect(unshown.map(({ name }) => name)).toEqual([]);
  });

  test('its parameters are those that are taken', async () => {
    const names = document.paths['/v1/aggregates']!['get']!.parameters!.map(({ name }) => name);
    expect(names).toEqual(
      'from to kind theme department technology country region city area postcode site h3 bucket groupBy order limit cursor format'.split(
        ' ',
      ),
    );
    const hint = (await portal.get('/v1/aggregates?zzz=1')).json<{ error: { hint: string } }>()
      .error.hint;
    expect(hint).toBe(`There are ${names.join(', ')}.`);
  });

  test('its forms are those that there are', () => {
    const forms = (path: string) =>
      Object.keys(document.paths[path]!['get']!.responses['200']!.content!);
    expect(forms('/v1/aggregates')).toEqual([
      'application/json',
      'text/csv',
      'application/vnd.apache.parquet',
      'application/geo+json',
    ]);
    expect(forms('/v1/waves')).toEqual(['application/json', 'text/csv']);
    expect(forms('/v1/me')).toEqual(['application/json']);
  });
});

test('the examples are answers', () => {
  const schemas = {
    aggregates: answers.aggregatesAnswer,
    rank: answers.rankAnswer,
    place: answers.placeAnswer,
    waves: answers.wavesAnswer,
    insights: answers.insightsAnswer,
    areaStatus: answers.areaStatusAnswer,
    me: answers.meAnswer,
    facets: answers.facetsAnswer,
    overview: answers.overviewAnswer,
  };
  for (const [name, example] of Object.entries(examples)) {
    expect(schemas[name as keyof typeof schemas].parse(example)).toEqual(example);
  }
});

interface Exemplified {
  readonly schema: { readonly examples?: readonly unknown[] };
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

/** OpenAPI 3.1 has them beside the schema or, as JSON Schema has them, in it. */
function exampleOf({ schema, example, examples: named }: Exemplified): unknown {
  return example ?? Object.values(named ?? {})[0]?.value ?? schema.examples?.[0];
}

/** A number of the query as its schema has it. */
function typed(example: unknown, schema: object): unknown {
  return 'type' in schema && schema.type === 'number' ? Number(example) : example;
}

/** Of every member of that name, at any depth. */
function valuesOf(node: unknown, name: string): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => [
    ...(key === name ? [value] : []),
    ...valuesOf(value, name),
  ]);
}

function resolve(ref: string): unknown {
  return ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>(
      (at, name) => (typeof at === 'object' && at !== null ? Reflect.get(at, name) : undefined),
      document,
    );
}

function withComponents(schema: object): object {
  return { ...schema, components: document.components };
}
