// Settings of the HTTP intake.
import { z } from 'zod';

const bytes = z.number().int().min(1024);
const ms = z.number().int();

export const gatewayConfig = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on; the default is reachable from this machine alone.'),
    port: z.number().int().min(0).max(65_535).default(8080).describe('0 takes any free port.'),
    openOnLoopback: z
      .boolean()
      .default(true)
      .describe(
        'Take records without a key while no key was ever made and host is a loopback address.',
      ),
    maxBodyBytes: bytes
      .max(256 * 1024 * 1024)
      .default(5 * 1024 * 1024)
      .describe('Of one request, unpacked.'),
    maxRecordsPerRequest: z.number().int().min(1).max(100_000).default(5000),
    maxInFlightBytes: bytes
      .default(64 * 1024 * 1024)
      .describe('Bodies being received or written at a time, together.'),
    lingerMs: ms
      .min(0)
      .max(1000)
      .default(2)
      .describe('How long a request waits for others to be written with it.'),
    headersTimeoutMs: ms
      .min(100)
      .default(10_000)
      .describe('For the headers of a request to arrive.'),
    requestTimeoutMs: ms.min(100).default(30_000).describe('For a whole request to arrive.'),
    keepAliveTimeoutMs: ms
      .min(100)
      .default(65_000)
      .describe('Idle connections are kept this long; above the 60 s usual in load balancers.'),
    maxConnections: z.number().int().min(1).default(1000),
    patienceMs: ms
      .min(100)
      .default(3000)
      .describe(
        'When storing takes so long, requests that wait behind it or come meanwhile are answered 503.',
      ),
    drainMs: ms
      .min(0)
      .default(5000)
      .describe('At the end, how long requests under way may take to arrive.'),
    apiKeysFile: z
      .string()
      .min(1)
      .optional()
      .describe('The keys of senders; by default api-keys.json in the data directory.'),
    maxBacklogRecords: z
      .number()
      .int()
      .min(1)
      .default(1_000_000)
      .describe('When more wait to be normalized, senders are asked to come again later.'),
    schemaRegistry: z
      .boolean()
      .default(true)
      .describe(
        'Answer the read half of the Confluent Schema Registry API, without a key: schemas are no secret.',
      ),
    retryAfterSeconds: z
      .number()
      .int()
      .min(1)
      .default(2)
      .describe('Told to senders when they are to come again.'),
  })
  .refine(({ maxBodyBytes, maxInFlightBytes }) => maxInFlightBytes >= maxBodyBytes, {
    path: ['maxInFlightBytes'],
    message: 'must be at least maxBodyBytes, or no body of that size could ever pass',
  });

export type GatewayConfig = Readonly<z.output<typeof gatewayConfig>>;
