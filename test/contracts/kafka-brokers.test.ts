// Connections of the Kafka log: asked for by many at once, none is made that nobody knows of, and none outlives it.
import { expect, it } from 'vitest';
import { createBrokers } from '#core/log/kafka/brokers.ts';
import { createKafka } from '#core/log/kafka/connect.ts';
import { testLogger, testSettings } from '../support/kafka-log.ts';
import { kafkaServer } from '../support/servers.ts';

const sockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

it('a first question asked by many at once leaves no connection behind', async () => {
  const server = await kafkaServer();
  const before = sockets();
  const brokers = createBrokers(createKafka(testSettings(server.brokers), testLogger));
  const ask = (id: number): Promise<unknown> =>
    brokers.coordinatorOf('transaction', `id-${id}`).catch(() => undefined);
  await Promise.all(Array.from({ length: 12 }, (_, id) => ask(id)));
  await brokers.close();
  await expect.poll(sockets, { timeout: 5_000 }).toBeLessThanOrEqual(before);
});

it('what is asked for while it closes is refused, and leaves no connection behind', async () => {
  const server = await kafkaServer();
  const before = sockets();
  const brokers = createBrokers(createKafka(testSettings(server.brokers), testLogger));
  const asked = brokers.metadata([]);
  await brokers.close();
  await expect(asked).rejects.toMatchObject({ code: 'log-closed' });
  await expect(brokers.metadata([])).rejects.toMatchObject({ code: 'log-closed' });
  await expect.poll(sockets, { timeout: 5_000 }).toBeLessThanOrEqual(before);
});
