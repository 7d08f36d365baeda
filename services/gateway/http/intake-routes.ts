// POST /v1/tickets and the like: 202 once the records are durable, else an error and nothing taken in.
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorBody, Problem } from '#core/http/problem.ts';
import type { KnownSender, Reception, RecordRoute } from '#core/http/record-route.ts';
import type { OutgoingRecord } from '#core/log/port.ts';
import type { IntakeReason, Refusal } from '#core/refusal.ts';
import type { KeyKind } from '#core/http/keys-file.ts';
import type { GatewayConfig } from '../config.ts';
import { inputSchemas, intakeKinds, takeIn } from '../sources/intake.ts';
import type { Access } from './access.ts';
import type { Batcher } from './batcher.ts';
import { mediaTypes, parseItems, readBody, type Item } from './body.ts';
import { intakeResponses, requestBody, type RejectedItem } from './documents.ts';
import { comeAgain, storageProblem } from './come-again.ts';

/** What the intake did with a request: counts and names, never content. */
export interface IntakeEvent {
  readonly kind: KeyKind;
  readonly source: string;
  readonly accepted: number;
  readonly rejected: Readonly<Partial<Record<IntakeReason, number>>>;
}

export interface IntakeParts {
  readonly config: GatewayConfig;
  readonly clock: () => number;
  readonly access: Access;
  readonly batcher: Batcher;
  readonly overloaded: () => string | null;
  readonly closing: () => boolean;
  readonly onIntake: (event: IntakeEvent) => void;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose the records are, as the caller's key says. */
    intakeSender: KnownSender;
  }
}

/** What the gateway itself takes in. */
export const intakeRoutes: readonly RecordRoute<KeyKind>[] = intakeKinds.map((kind) => ({
  kind,
  body: inputSchemas[kind],
  take: (input, reception) => takeIn(kind, input, reception),
}));

export function registerIntake(
  app: FastifyInstance,
  routes: readonly RecordRoute<KeyKind>[],
  parts: IntakeParts,
): void {
  const { config } = parts;
  let inFlightBytes = 0;

  /** Runs `work` with a share of the memory for bodies, given back whatever happens. */
  async function withShare<T>(work: (grow: (bytes: number) => void) => Promise<T>): Promise<T> {
    let share = 0;
    try {
      return await work((bytes) => {
        if (inFlightBytes + bytes > config.maxInFlightBytes) throw tooMuchInFlight(config);
        inFlightBytes += bytes;
        share += bytes;
      });
    } finally {
      inFlightBytes -= share;
    }
  }

  // The stream itself is the body; it is read where its share of memory is sure to be given back.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...mediaTypes], (_request, payload, done) => done(null, payload));
  app.decorateRequest<KnownSender | null>('intakeSender', null);

  for (const route of routes) {
    const { kind } = route;
    app.route({
      method: 'POST',
      url: `/v1/${kind}`,
      schema: {
        operationId: `post-${kind}`,
        summary: `Takes in ${kind}: one object, a list, {"records": [...]}, or one object a line.`,
        consumes: [...mediaTypes],
        security: [
          { bearer: [] },
          { header: [] },
          ...(route.senderOf === undefined ? [] : [{ session: [] }]),
        ],
        body: requestBody(route.body),
        response: intakeResponses,
      },
      // Records are checked one by one in the handler, so that a bad one does not refuse the good ones around it.
      validatorCompiler: () => (value) => ({ value }),
      onRequest: async (request) => {
        refuseWhenBusy(parts, inFlightBytes);
        request.intakeSender =
          (await route.senderOf?.(request)) ??
          (await parts.access.senderOf(callerOf(request), kind));
      },
      handler: (request, reply) => withShare((grow) => handle(route, parts, request, reply, grow)),
    });
  }
}

function refuseWhenBusy(parts: IntakeParts, inFlightBytes: number): void {
  const { config, batcher, overloaded, closing } = parts;
  if (closing())
    throw comeAgain('shutting-down', 'The intake is shutting down.', config.retryAfterSeconds);
  const why = overloaded() ?? (batcher.stalled() ? 'The log does not answer at present.' : null);
  if (why !== null) throw comeAgain('overloaded', why, config.retryAfterSeconds);
  if (inFlightBytes >= config.maxInFlightBytes) throw tooMuchInFlight(config);
}

function tooMuchInFlight({ maxInFlightBytes, retryAfterSeconds }: GatewayConfig): Problem {
  return comeAgain(
    'overloaded',
    `More than ${maxInFlightBytes} bytes are being taken in already.`,
    retryAfterSeconds,
  );
}

function callerOf({ ip, headers, query }: FastifyRequest) {
  const source: unknown =
    typeof query === 'object' && query !== null ? Reflect.get(query, 'source') : undefined;
  if (source !== undefined && typeof source !== 'string') {
    throw new Problem(400, 'source-name-invalid', 'The source may be given once.', {
      field: 'source',
    });
  }
  return { ip, headers, source };
}

async function handle(
  route: RecordRoute<KeyKind>,
  { config, clock, batcher, onIntake }: IntakeParts,
  request: FastifyRequest,
  reply: FastifyReply,
  grow: (bytes: number) => void,
): Promise<FastifyReply> {
  const { headers, body, intakeSender } = request;
  const { source } = intakeSender;
  if (!isStream(body)) throw new Problem(400, 'empty-body', 'The body is empty.');
  const mediaType = mediaTypeOf(headers['content-type']);
  const items = parseItems(await readBody(body, headers, config, grow), mediaType, config);
  const { outgoing, rejected } = takeAll(route, items, {
    ...intakeSender,
    receivedAt: clock(),
    traceparent: traceparentOf(headers['traceparent']),
  });
  if (outgoing.length > 0) {
    try {
      await batcher.submit(outgoing);
    } catch (error) {
      throw storageProblem(error, config.retryAfterSeconds);
    }
  }
  onIntake({
    kind: route.kind,
    source,
    accepted: outgoing.length,
    rejected: countReasons(rejected),
  });
  return outgoing.length > 0
    ? reply.code(202).send({ accepted: outgoing.length, rejected })
    : reply.code(400).send({ ...errorBody(noneValid(rejected)), accepted: 0, rejected });
}

function takeAll(route: RecordRoute<KeyKind>, items: readonly Item[], reception: Reception) {
  const outgoing: OutgoingRecord[] = [];
  const rejected: RejectedItem[] = [];
  for (const item of items) {
    if ('refusal' in item) {
      rejected.push(rejectedItem(item.index, undefined, item.refusal));
      continue;
    }
    const taken = route.take(item.value, reception);
    if (taken.ok) outgoing.push(taken.outgoing);
    else rejected.push(rejectedItem(item.index, item.value, taken));
  }
  return { outgoing, rejected };
}

const maxIdLength = 200;

function rejectedItem(
  index: number,
  value: unknown,
  { reason, field, detail }: Refusal,
): RejectedItem {
  const id: unknown =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'id') : undefined;
  const usable =
    (typeof id === 'string' && id.length <= maxIdLength && id.isWellFormed()) ||
    // A larger number was rounded as JSON was read: the sender would not know it again.
    (typeof id === 'number' && Number.isSafeInteger(id));
  return usable
    ? { index, id: String(id), reason, field, detail }
    : { index, reason, field, detail };
}

function noneValid(rejected: readonly RejectedItem[]): Problem {
  const [first] = rejected;
  const field = first?.field ?? '';
  const detail =
    first === undefined ? '' : `${field === '' ? 'The record' : field} ${first.detail}.`;
  const message =
    rejected.length === 1
      ? detail
      : `None of the ${rejected.length} records is valid. First: ${detail}`;
  return new Problem(400, 'no-valid-record', message, field === '' ? {} : { field });
}

function countReasons(rejected: readonly RejectedItem[]): Partial<Record<IntakeReason, number>> {
  const counts: Partial<Record<IntakeReason, number>> = {};
  for (const { reason } of rejected) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

function isStream(body: unknown): body is Readable {
  return typeof body === 'object' && body !== null && 'pipe' in body;
}

function mediaTypeOf(contentType: string | undefined): (typeof mediaTypes)[number] {
  const [essence = '', ...parameters] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const mediaType = mediaTypes.find((known) => known === essence);
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice('charset='.length);
  const isUtf8 =
    charset === undefined || ['utf-8', 'utf8', '"utf-8"', '"utf8"', 'us-ascii'].includes(charset);
  if (mediaType !== undefined && isUtf8) return mediaType;
  throw unsupportedMediaType();
}

export function unsupportedMediaType(): Problem {
  return new Problem(415, 'unsupported-media-type', 'The content type is not supported.', {
    hint: `Send ${mediaTypes.join(' or ')} in UTF-8, and say so in content-type.`,
  });
}

/** https://www.w3.org/TR/trace-context/#traceparent-header, version 00; anything else is not passed on. */
const traceparentPattern = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

function traceparentOf(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' && traceparentPattern.test(value) ? value : undefined;
}
