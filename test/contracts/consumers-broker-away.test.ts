// The TypeScript client while its broker dies, hangs and comes back: it goes on by itself and nothing is missing.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { createLogger } from '#core/logger.ts';
import { startKafka } from '../../scripts/services/kafka.ts';
import { subscribe } from '../../services/client/subscribe.ts';
import { newStream, someInsights } from '../support/consumers.ts';

const dir = mkdtempSync(join(tmpdir(), 'signpost-broker-away-'));
const kafka = await startKafka({ dir, quickStart: true });
afterAll(async () => {
  await kafka.stop();
  rmSync(dir, { recursive: true });
});

it(
  'a subscription outlives a broker that was killed and one that hung',
  {
    timeout: 180_000,
  },
  async () => {
    const stream = await newStream(kafka.bootstrap);
    const seen = new Set<string>();
    const settings = { ...stream.settings, sessionTimeoutMs: 6_000, requestTimeoutMs: 2_000 };
    const subscription = await subscribe('operations', ({ id }) => void seen.add(id), {
      group: stream.group,
      kafka: settings,
      logger: createLogger('test', 'silent'),
    });
    const [broker] = kafka.nodes;
    const arrives = async (count: number): Promise<void> => {
      await expect.poll(() => seen.size, { timeout: 60_000 }).toBe(count);
    };

    await stream.write(someInsights(10));
    await arrives(10);

    await broker!.kill();
    await delay(1_000);
    await broker!.start();
    await stream.write(someInsights(10, 7, 10));
    await arrives(20);

    await broker!.pause();
    await delay(4_000);
    await broker!.resume();
    await stream.write(someInsights(10, 7, 20));
    await arrives(30);

    await subscription.close();
    await stream.close();
  },
);
