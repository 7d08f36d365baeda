// Traces of batches over OTLP/HTTP: one span per batch and stage, linked with what its records came with. Loaded only
// when a collector is configured. A collector that is slow, away or wrong costs spans, never a record.
import { performance } from 'node:perf_hooks';
import {
  diag,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Link,
  type SpanContext,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { SignpostError } from './errors.ts';
import type { Log, LogRecord } from './log/port.ts';
import type { Logger } from './logger.ts';
import type { BatchObserver } from './observed-log.ts';
import { header } from './topic.ts';

export interface TracingOptions {
  /** Where the collector takes traces, in full: `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string;
  /** `signpost-<stage>`. */
  readonly service: string;
  readonly version: string;
  readonly logger: Logger;
  /** How often spans are sent. Default 2 s. */
  readonly everyMs?: number;
}

export interface Tracing {
  readonly batches: BatchObserver;
  /** The same log, with a span per append. */
  readonly appends: (log: Log) => Log;
  /** Sends what is left, within 2 s at most; never rejects. */
  readonly close: () => Promise<void>;
}

/** More links would say little and cost much; the count of records says the rest. */
const mostLinks = 64;
const closeMs = 2000;
/** Spans waiting for the collector; further ones are dropped. */
const mostWaiting = 2048;
const exportTimeoutMs = 5000;

export function openTracing({
  url,
  service,
  version,
  logger,
  everyMs = 2000,
}: TracingOptions): Tracing {
  tellFailures(logger);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.version': version }),
    spanLimits: { linkCountLimit: mostLinks },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({ url, timeoutMillis: exportTimeoutMs }),
        scheduledDelayMillis: everyMs,
        exportTimeoutMillis: exportTimeoutMs,
        maxQueueSize: mostWaiting,
      }),
    ],
  });
  const tracer = provider.getTracer('signpost', version);

  /** Records of one trace continue it; those of several are linked, as a batch has one span only. */
  function startSpan(
    operation: 'process' | 'send',
    topic: string,
    records: readonly Pick<LogRecord, 'headers'>[],
    attributes: Readonly<Record<string, string | number>>,
  ) {
    const origins = contextsOf(records);
    const [only] = origins;
    const parent =
      origins.length === 1 && only !== undefined
        ? trace.setSpanContext(ROOT_CONTEXT, only)
        : ROOT_CONTEXT;
    const links: Link[] = origins.length > 1 ? origins.map((context) => ({ context })) : [];
    return tracer.startSpan(
      `${operation} ${topic}`,
      {
        kind: operation === 'process' ? SpanKind.CONSUMER : SpanKind.PRODUCER,
        links,
        // https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
        attributes: {
          'messaging.system': 'kafka',
          'messaging.operation.type': operation,
          'messaging.operation.name': operation,
          'messaging.destination.name': topic,
          'messaging.batch.message_count': records.length,
          ...attributes,
        },
      },
      parent,
    );
  }

  return {
    batches: {
      began({ topic, partition, records, nextOffset }) {
        const span = startSpan('process', topic, records, {
          'messaging.destination.partition.id': String(partition),
          'signpost.first_offset': records[0]?.offset ?? nextOffset,
          'signpost.next_offset': nextOffset,
        });
        return {
          stepped: () => span.addEvent('claimed'),
          ended(how, error) {
            if (how === 'failed') return failSpan(span, error);
            span.setAttribute('signpost.outcome', how);
            span.end();
          },
        };
      },
    },
    appends: (log) => ({
      ...log,
      async append(records, options) {
        const span = startSpan('send', records[0]?.topic ?? 'checkpoints', records, {});
        try {
          return await log.append(records, options);
        } catch (error) {
          failSpan(span, error);
          throw error;
        } finally {
          span.end();
        }
      },
    }),
    async close() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, closeMs).unref());
      await Promise.race([provider.shutdown().catch(() => {}), late]);
    },
  };
}

/** Codes alone: messages may name what does not belong in a trace. */
function failSpan(
  span: ReturnType<ReturnType<TracerProvider['getTracer']>['startSpan']>,
  error: unknown,
): void {
  const code = error instanceof SignpostError ? error.code : 'bug';
  span.setStatus({ code: SpanStatusCode.ERROR, message: code });
  span.setAttribute('error.type', code);
}

/** https://www.w3.org/TR/trace-context/#traceparent-header, version 00. */
const traceparent = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** The distinct spans that records came with, the first ones. */
function contextsOf(records: readonly Pick<LogRecord, 'headers'>[]): readonly SpanContext[] {
  const seen = new Map<string, SpanContext>();
  for (const { headers } of records) {
    const text = headers[header.traceparent];
    if (text === undefined || seen.has(text)) continue;
    const [, traceId, spanId, flags] = traceparent.exec(text) ?? [];
    if (traceId === undefined || spanId === undefined || flags === undefined) continue;
    const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
    const context = { traceId, spanId, traceFlags, isRemote: true };
    if (!isSpanContextValid(context)) continue;
    seen.set(text, context);
    if (seen.size >= mostLinks) break;
  }
  return [...seen.values()];
}

const tellEveryMs = 60_000;
let isTelling = false;

/** Failures of the collector, once a minute at most. */
function tellFailures(logger: Logger): void {
  if (isTelling) return;
  isTelling = true;
  let toldAt = -Infinity;
  const tell = (): void => {
    const now = performance.now();
    if (now - toldAt < tellEveryMs) return;
    toldAt = now;
    logger.warn('Traces do not reach the collector; some are lost. Records are not affected.');
  };
  const ignore = (): void => {};
  diag.setLogger({ error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore });
}
