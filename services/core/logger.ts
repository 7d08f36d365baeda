// Structured logs as JSON lines on stderr. Words of customers, their ids and secrets never reach a log: callers pass
// counts, names and positions only, and what could hold more is redacted by key.
import pino, { type Logger } from 'pino';

export type { Logger };

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const secretKeys = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
  'key',
  'keys',
  'apiKey',
  'text',
  'payload',
  'body',
  'value',
  'customer',
  'customerId',
  'authorId',
  'verbatim',
  'description',
];

/** A logger of `service`; fields whose name may hold words, ids or secrets are replaced, two levels deep. */
export function createLogger(service: string, level: LogLevel): Logger {
  return pino(
    {
      name: service,
      level,
      base: { pid: process.pid },
      redact: {
        paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `["${key}"]`]),
        censor: '[hidden]',
      },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
