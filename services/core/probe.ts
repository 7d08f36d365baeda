// The port on which whoever runs a service asks whether it lives, whether it is ready, and for its metrics.
import { createServer, type ServerResponse } from 'node:http';
import { SignpostError } from './errors.ts';

export interface ProbeParts {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Sentences why the process should be started anew, by service; none when it lives. */
  readonly live: () => Reasons;
  /** Sentences why it cannot do its work at present, by service; none when it is ready. */
  readonly ready: () => Reasons;
  /** Metrics in the Prometheus text format. */
  readonly metricsText: () => Promise<string>;
}

export type Reasons = Readonly<Record<string, string>>;

export interface Probe {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves `GET /livez`, `/readyz` (200, or 503 with `{status, reasons}`) and `/metrics`.
 * @throws SignpostError `port-in-use`, `cannot-listen`.
 */
export async function openProbe(parts: ProbeParts): Promise<Probe> {
  const { host, port } = parts;
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0] ?? '';
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(response, 405, { status: 'method-not-allowed' }, { allow: 'GET, HEAD' });
    switch (path) {
      case '/livez':
        return judge(response, 'live', parts.live());
      case '/readyz':
        return judge(response, 'ready', parts.ready());
      case '/metrics':
        void tell(response, parts.metricsText);
        return;
      default:
        answer(response, 404, { status: 'not-found', paths: ['/livez', '/readyz', '/metrics'] });
    }
  });
  // Probes are small and frequent; nobody else has business here.
  server.maxConnections = 100;
  server.headersTimeout = 5000;
  server.requestTimeout = 5000;
  server.keepAliveTimeout = 5000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new SignpostError('port-in-use', `Port ${port} on ${host}, for probes, is in use.`, {
              cause: error,
              hint: 'Choose another with --probe-port or probes.port; 0 takes any free one.',
            })
          : new SignpostError(
              'cannot-listen',
              `Cannot listen on ${host}, port ${port}, for probes.`,
              {
                cause: error,
              },
            ),
      ),
    );
    server.listen({ host, port }, resolve);
  });
  // The process ends when its work does.
  server.unref();
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function judge(response: ServerResponse, what: 'live' | 'ready', reasons: Reasons): void {
  const ok = Object.keys(reasons).length === 0;
  answer(response, ok ? 200 : 503, ok ? { status: what } : { status: `not-${what}`, reasons });
}

async function tell(response: ServerResponse, metricsText: () => Promise<string>): Promise<void> {
  try {
    const text = await metricsText();
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
    response.end(text);
  } catch {
    answer(response, 503, { status: 'no-metrics' });
  }
}

function answer(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, 'content-type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify(body)}\n`);
}
