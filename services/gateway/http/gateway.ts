// The HTTP intake as a server: limits on time and connections, health, metrics, its own description, a graceful end.
import type { Socket } from 'node:net';
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyServerOptions,
} from 'fastify';
import { serializerCompiler } from 'fastify-type-provider-zod';
import { checkHost } from '#core/http/host.ts';
import { errorBody, Problem, type ProblemCode } from '#core/http/problem.ts';
import type { RecordRoute } from '#core/http/record-route.ts';
import type { Log } from '#core/log/port.ts';
import type { Logger } from '#core/logger.ts';
import type { ApiKeys } from '#core/http/api-keys.ts';
import type { KeyKind } from '#core/http/keys-file.ts';
import type { GatewayConfig } from '../config.ts';
import { createAccess } from './access.ts';
import { createBatcher } from './batcher.ts';
import { cannotListen } from './cannot-listen.ts';
import { registerDocument } from './documents.ts';
import {
  intakeRoutes,
  registerIntake,
  unsupportedMediaType,
  type IntakeEvent,
} from './intake-routes.ts';
import { createKnownPaths } from './known-paths.ts';
import { createProblemLog } from './problem-log.ts';
import { registerRegistry, type RegistryParts } from './registry-routes.ts';

export interface GatewayParts {
  readonly log: Pick<Log, 'append'>;
  readonly config: GatewayConfig;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly logger: Logger;
  readonly keys: ApiKeys;
  /** A sentence why nothing more should come in at present, or null. Asked for every request, so it must be cheap. */
  readonly overloaded: () => string | null;
  /** Metrics in the Prometheus text format. */
  readonly metricsText: () => Promise<string>;
  /** Whether it takes in tickets, posts and survey answers; it does where this is absent. */
  readonly takesIntake?: boolean;
  /** What it takes in for other services, beside the kinds of intake. */
  readonly routes?: readonly RecordRoute<KeyKind>[];
  /** What other services answer on this server. Each is registered in a scope of its own, after all that is here. */
  readonly mounts?: readonly ((app: FastifyInstance) => Promise<void>)[];
  /** What its schema registry tells of; absent, or switched off in the configuration: there is none. */
  readonly registry?: RegistryParts;
  /** Told of every request that was judged, for metrics. */
  readonly onIntake?: (event: IntakeEvent) => void;
  /** Told of every request that was answered with an error, for metrics. */
  readonly onRefused?: (code: ProblemCode) => void;
}

export interface Gateway {
  /** @throws SignpostError `port-in-use`, `cannot-listen`. */
  listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /** Takes no more, finishes what is under way within `drainMs`, then resolves; nothing is being written any more. */
  close(): Promise<void>;
  /** A request without a socket, for tests. */
  readonly inject: FastifyInstance['inject'];
}

type Compilers = NonNullable<
  NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']
>;

/**
 * Answers are serialized by zod, and requests are judged by their handlers. Left to itself fastify loads a validator and
 * a serializer of its own all the same: 110 modules at every start.
 */
const compilersFactory = {
  buildValidator: () => () => {
    throw new Error('A route with a schema needs a validator of its own');
  },
  buildSerializer: () => serializerCompiler,
} as unknown as Compilers;

export async function createGateway(parts: GatewayParts): Promise<Gateway> {
  const { config, logger, overloaded, metricsText } = parts;
  const routes = [...(parts.takesIntake === false ? [] : intakeRoutes), ...(parts.routes ?? [])];
  const sendingHint = hintOf(routes);
  let closing = false;
  const batcher = createBatcher((records) => parts.log.append(records), config);
  const logProblem = createProblemLog(logger, parts.clock);
  const app: FastifyInstance = fastify({
    // Requests are not logged: their addresses and errors may hold what customers said.
    logger: false,
    bodyLimit: config.maxBodyBytes,
    requestTimeout: config.requestTimeoutMs,
    keepAliveTimeout: config.keepAliveTimeoutMs,
    return503OnClosing: false,
    // Keys of places hold several names, each of their letters up to nine characters when percent-encoded.
    routerOptions: { maxParamLength: 4096 },
    http: {
      headersTimeout: Math.min(config.headersTimeoutMs, config.requestTimeoutMs),
      connectionsCheckingInterval: Math.min(1000, config.headersTimeoutMs),
    },
    schemaController: { compilersFactory },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors: (_error, _request, { raw }) => {
      const body = JSON.stringify(
        errorBody(new Problem(400, 'bad-request', 'The address is not valid.')),
      );
      raw.writeHead(400, { 'content-type': 'application/json; charset=utf-8' }).end(body);
    },
  });
  app.server.maxConnections = config.maxConnections;
  app.setErrorHandler<Error>((error, _request, reply) => {
    const problem = problemOf(error);
    parts.onRefused?.(problem.code);
    logProblem(problem);
    void reply.code(problem.status).headers(problem.headers).send(errorBody(problem));
  });
  const known = createKnownPaths();
  app.addHook('onRoute', (route) => known.add(route));
  app.setNotFoundHandler(({ url, method }) => {
    const [path = ''] = url.split('?', 1);
    const allowed = known.methodsAt(path);
    if (allowed.length > 0 && !allowed.includes(method)) {
      const allow = allowed.join(', ');
      throw new Problem(405, 'method-not-allowed', `Only ${allow} is allowed here.`, {
        headers: { allow },
      });
    }
    throw new Problem(404, 'not-found', 'There is nothing at this address.', {
      hint: method === 'POST' ? sendingHint : 'GET /openapi.json describes what there is.',
    });
  });
  app.addHook('onRequest', async ({ headers }, reply) => {
    if (closing) void reply.header('connection', 'close');
    checkHost(headers.host, config.host);
  });

  await registerDocument(app);
  registerIntake(app, routes, {
    config,
    clock: parts.clock,
    access: createAccess(parts.keys, config, parts.clock),
    batcher,
    overloaded,
    closing: () => closing,
    onIntake: parts.onIntake ?? (() => {}),
  });
  if (config.schemaRegistry && parts.registry !== undefined) {
    await registerRegistry(app, parts.registry);
  }
  const hidden = { schema: { hide: true } };
  app.get('/health/live', hidden, () => ({ status: 'live' }));
  app.get('/health/ready', hidden, (_request, reply) => {
    const why = closing ? 'The intake is shutting down.' : overloaded();
    if (why === null) return { status: 'ready' };
    return reply
      .code(503)
      .send(errorBody(new Problem(503, closing ? 'shutting-down' : 'overloaded', why)));
  });
  app.get('/metrics', hidden, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText()),
  );
  app.get('/openapi.json', hidden, () => app.swagger());
  for (const mount of parts.mounts ?? []) await app.register((scope) => mount(scope));
  await app.ready();

  return {
    inject: app.inject.bind(app),
    async listen() {
      try {
        await app.listen({ host: config.host, port: config.port });
      } catch (error) {
        throw cannotListen(error, config);
      }
      const address = app.server.address();
      const port = typeof address === 'object' && address !== null ? address.port : config.port;
      const host = config.host.includes(':') ? `[${config.host}]` : config.host;
      return { host: config.host, port, url: `http://${host}:${port}` };
    },
    async close() {
      closing = true;
      const late = setTimeout(() => app.server.closeAllConnections(), config.drainMs);
      await app.close();
      clearTimeout(late);
      // A sender may have hung up while its records were being written.
      await batcher.drained();
    },
  };
}

/** What somebody may have meant who sent to an address that there is not. */
function hintOf(routes: readonly RecordRoute<KeyKind>[]): string {
  const paths = routes.map(({ kind }) => `/v1/${kind}`);
  const last = paths.pop();
  if (last === undefined) return 'GET /openapi.json describes what there is.';
  const list = paths.length === 0 ? last : `${paths.join(', ')} or ${last}`;
  return `POST ${list}; GET /openapi.json describes ${paths.length === 0 ? 'it' : 'them'}.`;
}

function problemOf(error: Error): Problem {
  if (error instanceof Problem) return error;
  const { code, statusCode } = error as Partial<FastifyError>;
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return unsupportedMediaType();
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem(statusCode, 'bad-request', 'The request is not valid HTTP.', {
      cause: error,
    });
  }
  return new Problem(500, 'internal', 'Something went wrong inside.', {
    hint: 'Nothing is known to have been taken in; sending the same again is safe.',
    cause: error,
  });
}

function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const tooLong = error.code === 'HPE_HEADER_OVERFLOW';
  const line = timedOut
    ? '408 Request Timeout'
    : tooLong
      ? '431 Request Header Fields Too Large'
      : '400 Bad Request';
  const problem = timedOut
    ? new Problem(408, 'request-timeout', 'The request did not arrive in time.')
    : new Problem(400, 'bad-request', 'The request is not valid HTTP.');
  const body = JSON.stringify(errorBody(problem));
  socket.end(
    `HTTP/1.1 ${line}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
