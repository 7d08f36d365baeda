// The examples of docs/consuming.md, run as a data team runs them, against a real broker: each must show what was
// written, all of it, and nothing of what was taken back.
import schemaIds from '../../schemas/ids.json' with { type: 'json' };
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Insight } from '#schemas/insight.ts';
import { insightCodec } from '#schemas/insight.ts';
import { subscribe } from '../../services/client/subscribe.ts';
import { endAll, run, start, type Ended } from '../support/command.ts';
import { newRegistry, newStream, someInsights, type Stream } from '../support/consumers.ts';
import { examplePython, kafkaClasspath, needKcat } from '../support/consumers-programs.ts';

const written = someInsights(45);
const takenBack = someInsights(12, 7, 1000);
let stream: Stream;
let registry: Awaited<ReturnType<typeof newRegistry>>;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  stream = await newStream();
  registry = await newRegistry([stream.topic]);
  await stream.write(written.slice(0, 20));
  await stream.write(takenBack, 'abort');
  await stream.write(written.slice(20));
  await readable(written.length);
  env = {
    ...process.env,
    KAFKA_BROKERS: stream.settings.brokers.join(','),
    KAFKA_TOPIC_PREFIX: stream.prefix,
    SCHEMA_REGISTRY_URL: registry.url,
    KAFKA_GROUP: `${stream.group}.shared`,
  };
}, 90_000);

afterAll(async () => {
  await endAll();
  await stream?.close();
  await registry?.close();
});

/** A commit is answered before its markers stand in every partition: until then a reader finds an earlier end. */
async function readable(count: number): Promise<void> {
  const all = Promise.withResolvers<void>();
  let seen = 0;
  const take = (): void => {
    seen += 1;
    if (seen === count) all.resolve();
  };
  const group = `${stream.group}.first`;
  const subscription = await subscribe('operations', take, { group, kafka: stream.settings });
  await all.promise;
  await subscription.close();
}

const ids = (insights: readonly Insight[]): string[] => insights.map(({ id }) => id).toSorted();
const lines = ({ stdout }: Ended): string[] => stdout.split('\n').slice(0, -1);

it('kcat lists key, schema and headers of what was committed', { timeout: 30_000 }, async () => {
  await needKcat();
  const ended = await run([], { program: 'docs/consumers/kcat.sh', env });
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const rows = lines(ended).map((row) => row.split('\t'));
  expect(rows.map((row) => row.slice(2, 4).join(' ')).toSorted()).toEqual(
    written
      .map(({ signal }) => `${signal.receivedAt} ${signal.source}/${signal.sourceId}`)
      .toSorted(),
  );
  // What kcat calls the id is the magic byte and the id behind it.
  const id = Math.max(...Object.values(schemaIds.insight));
  for (const row of rows) expect(row[5]).toBe(`schema=0${id}`);
  const shown = rows.map((row) => /ce_id=([^,]+)/.exec(row[6]!)![1]!);
  expect(shown.toSorted()).toEqual(ids(written));
});

it(
  'the Java console consumer shows every committed byte and no control character',
  {
    timeout: 60_000,
  },
  async () => {
    const ended = await run(
      ['--from-beginning', '--max-messages', String(written.length), '--timeout-ms', '30000'],
      {
        program: 'docs/consumers/console-consumer.sh',
        env: { ...env, CLASSPATH: await kafkaClasspath() },
      },
    );
    expect(ended.code).toBe(0);
    expect(ended.stdout).not.toMatch(/[^\t\n -~]/);
    const insights = lines(ended).map((row) => {
      const [partition, offset, headers, key, value] = row.split('\t');
      expect(partition).toMatch(/^Partition:\d$/);
      expect(offset).toMatch(/^Offset:\d+$/);
      const insight = insightCodec.decode(unescaped(value!));
      expect(headers).toContain(`ce_id:${insight.id},`);
      expect(key).toBe(`${insight.signal.source}/${insight.signal.sourceId}`);
      return insight;
    });
    expect(byId(insights)).toEqual(byId(written));
  },
);

describe('Python with Confluent’s deserializer', () => {
  it(
    'prints every committed insight as JSON, field by field, and nothing twice',
    {
      timeout: 180_000,
    },
    async () => {
      const python = await examplePython();
      const command = [
        'docs/consumers/python/read.py',
        '--until-end',
        '--group',
        `${stream.prefix}py`,
      ];
      const first = await run(command, { program: python, env });
      expect(first).toMatchObject({ code: 0, stderr: '' });
      expect(first.stdout).not.toMatch(/[^\n -~]/);
      const printed = lines(first).map(
        (row) =>
          JSON.parse(row) as { key: string; headers: Record<string, string>; insight: Insight },
      );
      expect(byId(printed.map(({ insight }) => insight))).toEqual(byId(written.map(withIsoTimes)));
      for (const { key, headers, insight } of printed) {
        expect(key).toBe(`${insight.signal.source}/${insight.signal.sourceId}`);
        expect(headers['ce_id']).toBe(insight.id);
      }
      const again = await run(command, { program: python, env });
      expect(again).toMatchObject({ code: 0, stdout: '' });
    },
  );
});

it(
  'the TypeScript example prints what was committed until it is asked to end',
  {
    timeout: 30_000,
  },
  async () => {
    const example = start(['docs/consumers/read.ts', 'operations'], { program: 'bin/node', env });
    await example.says(new RegExp(`(?:[^\\n]*\\n){${written.length}}`));
    example.child.kill('SIGTERM');
    const ended = await example.ended;
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(ended.stdout).not.toMatch(/[^\n -~]/);
    const insights = lines(ended).map((row) => (JSON.parse(row) as { insight: Insight }).insight);
    expect(byId(insights)).toEqual(byId(written));
  },
);

function byId(insights: readonly unknown[]): unknown[] {
  return (insights as Insight[]).toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** The deserializer gives Avro's timestamp-millis as datetimes, which the example prints in ISO 8601. */
function withIsoTimes(insight: Insight): unknown {
  return JSON.parse(JSON.stringify(insight), (name, value: unknown) =>
    name.endsWith('At') && typeof value === 'number'
      ? new Date(value).toISOString().replace('Z', '+00:00')
      : value,
  );
}

/** Undoes Kafka's `Bytes.toString`. */
function unescaped(text: string): Uint8Array {
  return Buffer.from(
    text.replace(/\\x([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  );
}
