// Builds the AsyncAPI 3.0 document, `docs/asyncapi.json`, of what the topology names.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shortName } from './avro-schema.ts';
import type { RecordSource, SchemaSource } from './source.ts';
import { type DescribedTopic, type TopologySource, describedTopics } from './topology-source.ts';
import { camel } from './typescript.ts';

const AVRO_FORMAT = 'application/vnd.apache.avro+json;version=1.9.0';
const DEPARTMENT = '<department>';

const HEADERS = {
  type: 'object',
  description: 'CloudEvents 1.0, Kafka binding, binary mode; and W3C Trace Context. UTF-8.',
  required: [
    'ce_specversion',
    'ce_id',
    'ce_source',
    'ce_type',
    'ce_time',
    'ce_subject',
    'content-type',
  ],
  properties: {
    ce_specversion: { type: 'string', const: '1.0' },
    ce_id: {
      type: 'string',
      description:
        'Deterministic, processing again gives the same; with ce_source it is unique. Copies of an insight on several streams are one event.',
    },
    ce_source: {
      type: 'string',
      format: 'uri-reference',
      description:
        '/<kind of event>/<source the customer spoke through>, for example /insights/helpdesk. Kinds: tickets, posts, surveys, signals, insights, rejected, dropped.',
    },
    ce_type: { type: 'string', description: '`signpost.` and the name of the topic.' },
    ce_time: { type: 'string', format: 'date-time', description: 'When it happened, UTC.' },
    ce_subject: { type: 'string', description: 'The key of the record.' },
    'content-type': { type: 'string', const: 'application/avro' },
    signpost_origin: {
      type: 'string',
      description:
        'topic/partition/offset of the intake record that it all began with; absent on that record.',
    },
    signpost_file: {
      type: 'string',
      description: 'On intake topics: name of the file that an import read it from.',
    },
    signpost_line: {
      type: 'string',
      description: 'The line of that file where it began, counted from 1.',
    },
    signpost_replay_of: {
      type: 'string',
      description: 'Id of the dead letter that the record replays.',
    },
    traceparent: { type: 'string', description: 'W3C Trace Context, passed through.' },
  },
} as const;

/** The document as JSON. */
export function asyncApi(source: SchemaSource, topology: TopologySource): object {
  const topics = describedTopics(topology);
  const recordOf = (topic: DescribedTopic): RecordSource => {
    const record = source.records.find(({ fullName }) => fullName === topic.codec.recordName);
    if (record === undefined) throw new Error(`${topic.name}: no schema ${topic.codec.recordName}`);
    return record;
  };
  const used = source.records.filter((record) =>
    topics.some((topic) => recordOf(topic) === record),
  );
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Signpost',
      version: packageVersion(),
      description:
        'Trouble tickets, community posts and survey answers in, department insight streams out. Values are Avro in the Confluent wire format: a zero byte, the schema id (4 bytes, big-endian), the Avro body.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/avro',
    channels: Object.fromEntries(
      topics.map((topic) => [channelId(topic.name), channel(topic, recordOf(topic))]),
    ),
    operations: Object.fromEntries(
      topology.flows.flatMap((flow) => [
        ...flow.reads.map((topic) => operation(flow, 'receive', topic)),
        ...flow.writes.map((topic) => operation(flow, 'send', topic)),
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        used.map((record) => [shortName(record.fullName), message(record)]),
      ),
    },
  };
}

function channel(topic: DescribedTopic, record: RecordSource): object {
  const name = shortName(record.fullName);
  const perDepartment = topic.name.includes(DEPARTMENT);
  return {
    address: topic.name.replace(DEPARTMENT, '{department}'),
    title: topic.name,
    description: topic.description,
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
    ...(perDepartment
      ? { parameters: { department: { description: 'Name of the department (kebab-case).' } } }
      : {}),
    bindings: {
      kafka: {
        partitions: topic.partitions,
        topicConfiguration:
          topic.compacted === true
            ? { 'cleanup.policy': ['compact'] }
            : { 'cleanup.policy': ['delete'], 'retention.ms': topic.retentionMs },
        bindingVersion: '0.5.0',
      },
    },
    'x-key': topic.keyedBy,
    'x-words': topic.words,
  };
}

function operation(
  flow: TopologySource['flows'][number],
  action: 'send' | 'receive',
  topic: string,
): readonly [string, object] {
  const id = channelId(topic);
  const verb = action === 'send' ? 'Writes' : 'Reads';
  return [
    `${camelWords(flow.name)}${verb}${id[0]?.toUpperCase()}${id.slice(1)}`,
    { action, channel: { $ref: `#/channels/${id}` }, summary: `${flow.name}: ${flow.does}` },
  ];
}

function message(record: RecordSource): object {
  const name = shortName(record.fullName);
  const root = record.own.get(record.fullName);
  const sample = record.samples[0];
  return {
    name,
    title: name,
    summary: root?.doc ?? '',
    contentType: 'application/avro',
    headers: HEADERS,
    payload: { schemaFormat: AVRO_FORMAT, schema: record.schema },
    bindings: {
      kafka: {
        key: { type: 'string' },
        schemaIdLocation: 'payload',
        schemaIdPayloadEncoding: 'confluent',
        bindingVersion: '0.5.0',
      },
    },
    ...(sample === undefined
      ? {}
      : { examples: [{ name: camelWords(sample.name), payload: sample.record }] }),
    'x-schema-id': record.id,
    'x-schema-version': record.version,
  };
}

/** `ticketsReportedV1` of `tickets.reported.v1`. */
function channelId(topic: string): string {
  return camelWords(topic.replace(DEPARTMENT, 'of-department'));
}

function camelWords(words: string): string {
  const parts = words.split(/[^A-Za-z0-9]/).filter((part) => part !== '');
  return camel(parts.map((part) => `${part[0]?.toUpperCase()}${part.slice(1)}`).join(''));
}

function packageVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
