// Traces: spans of batches reach a collector with what their records came with, and a broken collector hurts nobody.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import type { Batch, ReceivedRecord } from '#core/log/port.ts';
import { openTracing, type Tracing } from '#core/tracing.ts';

interface Span {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly attributes: readonly {
    readonly key: string;
    readonly value: { readonly stringValue?: string; readonly intValue?: number | string };
  }[];
  readonly status: { readonly code?: number; readonly message?: string };
}
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Span['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

let collector: Server;
let url: string;
let exports: Export[];
let status: number;
let tracing: Tracing | undefined;

beforeEach(async () => {
  exports = [];
  status = 200;
  collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/v1/traces')
        exports.push(JSON.parse(Buffer.concat(chunks).toString()) as Export);
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
});
afterEach(async () => {
  await tracing?.close();
  tracing = undefined;
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
});

const open = (service = 'signpost-normalize'): Tracing =>
  (tracing = openTracing({ url, service, version: '1.2.3', logger: pino({ level: 'silent' }) }));
const spans = (): readonly Span[] =>
  exports.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
  );
const attributeOf = (attributes: Span['attributes'], key: string) => {
  const value = attributes.find((each) => each.key === key)?.value;
  return value?.stringValue ?? (value?.intValue === undefined ? undefined : Number(value.intValue));
};

const a = '4bf92f3577b34da6a3ce929d0e0e4736';
const b = '0af7651916cd43dd8448eb211c80319c';
const parentOf = (trace: string): string => `00-${trace}-00f067aa0ba902b7-01`;
const record = (offset: number, traceparent?: string): ReceivedRecord => ({
  topic: 'posts.published.v1',
  partition: 2,
  offset,
  key: 'a customer',
  value: new TextEncoder().encode('words of a customer'),
  headers: traceparent === undefined ? {} : { traceparent },
  timestamp: 0,
});
const batch = (records: readonly ReceivedRecord[]): Batch => ({
  topic: 'posts.published.v1',
  partition: 2,
  records,
  nextOffset: records.at(-1)!.offset + 1,
  claim: () => Promise.resolve([]),
  commit: () => Promise.resolve(),
  release: () => Promise.resolve(),
});

test('a batch of one trace continues it; one of several is linked with each, once', async () => {
  const { batches, close } = open();
  const one = batches.began(batch([record(7, parentOf(a)), record(8, parentOf(a))]));
  one.stepped();
  one.ended('committed');
  batches
    .began(batch([record(9, parentOf(a)), record(10, parentOf(b)), record(11), record(12, 'junk')]))
    .ended('committed');
  await close();

  expect(spans()).toHaveLength(2);
  const [continued, linked] = spans();
  expect(continued).toMatchObject({
    name: 'process posts.published.v1',
    traceId: a,
    parentSpanId: '00f067aa0ba902b7',
  });
  expect(attributeOf(continued!.attributes, 'messaging.batch.message_count')).toBe(2);
  expect(attributeOf(continued!.attributes, 'signpost.first_offset')).toBe(7);
  expect(attributeOf(continued!.attributes, 'signpost.outcome')).toBe('committed');
  expect(linked!.parentSpanId ?? '').toBe('');
  expect(linked!.links!.map(({ traceId }) => traceId)).toEqual([a, b]);
  const { resource } = exports[0]!.resourceSpans[0]!;
  expect(attributeOf(resource.attributes, 'service.name')).toBe('signpost-normalize');
  expect(attributeOf(resource.attributes, 'service.version')).toBe('1.2.3');
  expect(JSON.stringify(exports)).not.toContain('customer');
});

test('a batch that is not committed says why, by code alone', async () => {
  const { batches, close } = open();
  const observation = batches.began(batch([record(1)]));
  observation.ended('failed', new SignpostError('fenced', 'words of a customer'));
  observation.ended('released');
  await close();
  const [span] = spans();
  expect(span!.status).toEqual({ code: 2, message: 'fenced' });
  expect(attributeOf(span!.attributes, 'signpost.outcome')).toBe('released');
  expect(JSON.stringify(exports)).not.toContain('words');
});

test('an append of the intake is a span too', async () => {
  const { appends, close } = open('signpost-gateway');
  const log = appends({ append: () => Promise.resolve([]) } as never);
  await log.append([{ ...record(0, parentOf(b)) }]);
  await close();
  expect(spans()[0]).toMatchObject({ name: 'send posts.published.v1', kind: 4, traceId: b });
});

test('at most 64 traces are linked to a batch', async () => {
  const { batches, close } = open();
  const many = Array.from({ length: 500 }, (_, i) =>
    record(i, parentOf((i + 1).toString(16).padStart(32, '0'))),
  );
  batches.began(batch(many)).ended('committed');
  await close();
  expect(spans()[0]!.links).toHaveLength(64);
  expect(attributeOf(spans()[0]!.attributes, 'messaging.batch.message_count')).toBe(500);
});

test('a collector that refuses, or is gone, costs spans and nothing else', async () => {
  status = 500;
  const { batches, close } = open();
  for (let i = 0; i < 5000; i += 1) batches.began(batch([record(i)])).ended('committed');
  collector.closeAllConnections();
  await new Promise((resolve) => collector.close(resolve));
  const startedAt = performance.now();
  await close();
  expect(performance.now() - startedAt).toBeLessThan(3000);
});
