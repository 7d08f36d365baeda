// The TypeScript client on a data directory: what works against Kafka works on a laptop too.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import { createLogger } from '#core/logger.ts';
import { toOutgoing } from '#core/topic.ts';
import type { Insight } from '#schemas/insight.ts';
import { subscribe } from '../../services/client/subscribe.ts';
import { insightsOf } from '../../services/topology.ts';
import { someInsights } from '../support/consumers.ts';

const directory = mkdtempSync(join(tmpdir(), 'signpost-client-'));
const log = await openEmbeddedLog({ directory });
const topic = insightsOf('operations');
await log.ensureTopics([topic]);
afterAll(async () => {
  await log.close();
  rmSync(directory, { recursive: true });
});

const logger = createLogger('test', 'silent');
const write = async (insights: readonly Insight[]): Promise<void> => {
  const timestamp = 1_760_083_200_512;
  await log.append(insights.map((insight) => toOutgoing(topic, insight, { timestamp })));
};
const idsOf = (insights: readonly Insight[]): string[] => insights.map(({ id }) => id).toSorted();

it('reads while it is written to, retries what failed, and goes on where its group stood', async () => {
  const insights = someInsights(60);
  await write(insights.slice(0, 30));
  const options = { group: 'dash', data: directory, logger, backoff: { initialMs: 10, maxMs: 50 } };
  const seen: Insight[] = [];
  let failures = 3;
  const first = await subscribe(
    'operations',
    (insight) => {
      if (insight.id === 'insight-9' && failures > 0) {
        failures -= 1;
        throw new Error('away');
      }
      seen.push(insight);
    },
    options,
  );
  await expect.poll(() => seen.length).toBe(30);
  await write(insights.slice(30, 45));
  await expect.poll(() => seen.length).toBe(45);
  await first.close();
  await write(insights.slice(45));
  const second = await subscribe('operations', (insight) => void seen.push(insight), options);
  await expect.poll(() => seen.length).toBe(60);
  await second.close();
  await second.closed;
  expect(idsOf(seen)).toEqual(idsOf(insights));
  expect(seen.find(({ id }) => id === 'insight-9')).toEqual(insights[9]);
});

it('gives a group to one process at a time, another group reads all of it', async () => {
  const options = { data: directory, logger };
  const held = await subscribe('operations', () => undefined, { ...options, group: 'one' });
  await expect(
    subscribe('operations', () => undefined, { ...options, group: 'one' }),
  ).rejects.toMatchObject({ code: 'group-in-use' });
  let count = 0;
  const other = await subscribe('operations', () => void (count += 1), {
    ...options,
    group: 'two',
  });
  await expect.poll(() => count).toBe(60);
  await other.close();
  await held.close();
});

it('begins with what comes next when told so', async () => {
  const options = { data: directory, logger, group: 'late', fromBeginning: false };
  const seen: Insight[] = [];
  const first = await subscribe('operations', (insight) => void seen.push(insight), options);
  await first.close();
  await write(someInsights(3, 7, 100));
  const second = await subscribe('operations', (insight) => void seen.push(insight), options);
  await expect.poll(() => seen.length).toBe(3);
  await second.close();
  expect(idsOf(seen)).toEqual(['insight-100', 'insight-101', 'insight-102']);
});

it('refuses a directory without a log, an unknown stream and a group that is no file name', async () => {
  const handler = (): void => undefined;
  const options = { data: directory, group: 'dash', logger };
  await expect(
    subscribe('operations', handler, { ...options, data: join(directory, 'none') }),
  ).rejects.toMatchObject({ code: 'no-log' });
  await expect(subscribe('planning', handler, options)).rejects.toMatchObject({
    code: 'unknown-topic',
  });
  await expect(
    subscribe('operations', handler, { ...options, group: '../dash' }),
  ).rejects.toMatchObject({ code: 'group-name' });
});
