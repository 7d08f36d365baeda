// The same work as a chain of plain kafkajs consumers, one message at a time, as many a user would write it: the logic of
// the stages, a row of Postgres for each id, `send` for each output. Arguments: a configuration, then the stages.
import kafkajs from 'kafkajs';
import type { EachMessagePayload, Producer } from 'kafkajs';
import { Pool } from 'pg';
import { createKafka } from '#core/log/kafka/connect.ts';
import type { KafkaSettings } from '#core/log/kafka/settings.ts';
import type { Claim, ClaimOutcome, OutgoingRecord, ReceivedRecord } from '#core/log/port.ts';
import { createOutcome } from '#core/outcome.ts';
import { groupOf } from '#core/run-stage.ts';
import type { Stage } from '#core/stage.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { readConfig } from '../../../services/cli/config.ts';
import { readDepartments } from '../../../services/cli/departments.ts';
import { stageNames } from '../../../services/cli/stage-names.ts';
import { buildStages } from '../../../services/cli/stages.ts';
import { recordsDropped, recordsRejected } from '../../../services/topology.ts';
import { logger } from './cluster.ts';
import { messageOf } from './intake.ts';

const [file, ...names] = process.argv.slice(2);
const config = readConfig(file);
const settings: KafkaSettings = config.kafka!;
const keys = process.env['SIGNPOST_PSEUDONYM_KEYS'] ?? '';
const kafka = createKafka(settings, logger);
const telemetry = createTelemetry(() => performance.now() / 1000);
const database = new Pool({ connectionString: config.database!.url, max: 4 });
if (names.includes('normalize')) {
  await database.query(
    'CREATE TABLE seen (id text PRIMARY KEY, topic text, partition int, at_offset bigint, content text)',
  );
}

/** A row for the id, or whose it is. */
async function claim(
  { topic, partition, offset }: ReceivedRecord,
  { id, content }: Claim,
): Promise<ClaimOutcome> {
  const { rowCount } = await database.query(
    'INSERT INTO seen VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
    [id, topic, partition, offset, content],
  );
  if (rowCount === 1) {
    return { owner: { topic, partition, offset }, ownerContent: content, history: [] };
  }
  const { rows } = await database.query('SELECT * FROM seen WHERE id = $1', [id]);
  const [owner] = rows as {
    topic: string;
    partition: number;
    at_offset: string;
    content: string;
  }[];
  return {
    owner: { topic: owner!.topic, partition: owner!.partition, offset: Number(owner!.at_offset) },
    ownerContent: owner!.content,
    history: [],
  };
}

async function consume(stage: Stage<never>, producer: Producer) {
  if (stage.kind !== 'transform') throw new Error(`${stage.name} is no transform`);
  const topics = new Map(stage.inputs.map((topic) => [settings.topicPrefix + topic.name, topic]));
  const metrics = telemetry.stage(stage.name);
  const consumer = kafka.consumer({ groupId: settings.topicPrefix + groupOf(stage.name) });
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics.keys()], fromBeginning: true });
  const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve));
  await consumer.run({
    async eachMessage({ topic: name, partition, message }) {
      const topic = topics.get(name)!;
      const from = received(topic.name, partition, message);
      const input = { record: topic.codec.decode(from.value!), received: from, index: 0 };
      const loaded = await stage.load?.([input], {
        claim: (claims) => Promise.all(claims.map((one) => claim(from, one))),
      });
      const verdict = stage.decide(input, loaded);
      const outputs: OutgoingRecord[] = [];
      createOutcome(stage.name, {
        metrics,
        rejected: recordsRejected,
        dropped: recordsDropped,
      }).settle(verdict, from, input.record, outputs);
      await Promise.all(
        outputs.map((output) =>
          producer.send({
            topic: settings.topicPrefix + output.topic,
            messages: [messageOf(output)],
          }),
        ),
      );
    },
  });
  await joined;
  return consumer;
}

/** A message as a record of the log. */
function received(
  topic: string,
  partition: number,
  message: EachMessagePayload['message'],
): ReceivedRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) headers[name] = String(value);
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key === null ? null : message.key.toString(),
    value: message.value,
    headers,
    timestamp: Number(message.timestamp),
  };
}

const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
await producer.connect();
const stages = buildStages(
  stageNames.filter((name) => names.includes(name)),
  {
    config: { ...config, fusion: { enabled: false, write: [] } },
    departments: readDepartments(config.classify),
    pseudonymKeys: keys,
  },
);
const consumers = await Promise.all(stages.map((stage) => consume(stage, producer)));
console.log('ready');
process.once('SIGTERM', () => {
  void Promise.all(consumers.map((consumer) => consumer.disconnect()))
    .then(() => producer.disconnect())
    .then(() => database.end());
});
