// The streams of a cluster as the oracle judges them: read plainly, and of each record only what is compared.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kafka } from 'kafkajs';
import { parse } from 'yaml';
import type { Seen, Streams, Told } from './cluster-oracle.ts';
import { decodePlain, readPlainTypes, readWhole, type PlainRecord } from './plain-reader.ts';

export const intakeNames = ['tickets.reported.v1', 'posts.published.v1', 'surveys.answered.v1'];
const signalsName = 'signals.normalized.v1';
const sharedName = 'insights.shared.v1';
const droppedName = 'records.dropped.v1';
const rejectedName = 'records.rejected.v1';

export interface StreamsOptions {
  readonly kafka: Kafka;
  /** The folder of a release: `schemas/` and the departments are read from there. */
  readonly root: string;
  /** Whether `signals.normalized.v1` is written. */
  readonly withSignals: boolean;
}

/** Departments with the relevance from which they receive an insight. */
export function readThresholds(root: string): ReadonlyMap<string, number> {
  const file = join(root, 'services/classify/departments.yaml');
  const { departments } = parse(readFileSync(file, 'utf8')) as {
    departments: readonly { readonly name: string; readonly threshold: number }[];
  };
  return new Map(departments.map(({ name, threshold }) => [name, threshold]));
}

/** How many records of each schema id a topic has. */
export type SchemaIds = Readonly<Record<string, Readonly<Record<number, number>>>>;

/** @throws Error when a partition does not come to its end. */
export async function readStreams(
  options: StreamsOptions,
): Promise<Streams & { readonly schemaIds: SchemaIds }> {
  const { kafka, root, withSignals } = options;
  const types = readPlainTypes(join(root, 'schemas'));
  const thresholds = readThresholds(root);
  const departmentNames = new Map([...thresholds.keys()].map((name) => [topicOf(name), name]));
  const departments = new Map([...thresholds.keys()].map((name) => [name, [] as Seen[]]));
  const intake: Seen[] = [];
  const signals: Seen[] = [];
  const shared: Seen[] = [];
  const dropped: Seen[] = [];
  const rejected: Seen[] = [];
  const schemaIds: Record<string, Record<number, number>> = {};

  const sort = (record: PlainRecord): void => {
    const value = decodePlain(types, record.value);
    const { topic } = record;
    const ids = (schemaIds[topic] ??= {});
    const id = record.value.length < 5 ? -1 : record.value.readUInt32BE(1);
    ids[id] = (ids[id] ?? 0) + 1;
    if (intakeNames.includes(topic)) {
      const said = value === null ? null : toldOf(value);
      intake.push(seenOf(record, said === null ? null : { ...said, revision: null }));
    } else if (topic === droppedName || topic === rejectedName) {
      const into = topic === droppedName ? dropped : rejected;
      // What it says of itself counts, not its headers.
      const origin = ['topic', 'partition', 'offset']
        .map((name) => String(value?.[name]))
        .join('/');
      into.push({ ...seenOf(record, null), origin, reason: String(value?.['reason']) });
    } else if (topic === signalsName) {
      signals.push(seenOf(record, value === null ? null : toldOf(value)));
    } else {
      const into = topic === sharedName ? shared : departments.get(departmentNames.get(topic)!)!;
      into.push(seenOf(record, value === null ? null : insightOf(value, thresholds)));
    }
  };
  await readWhole(
    kafka,
    [
      ...intakeNames,
      ...(withSignals ? [signalsName] : []),
      sharedName,
      droppedName,
      rejectedName,
      ...departmentNames.keys(),
    ],
    sort,
  );
  return {
    intake,
    signals: withSignals ? signals : undefined,
    shared,
    dropped,
    rejected,
    departments,
    schemaIds,
  };
}

function topicOf(department: string): string {
  return `insights.${department}.v1`;
}

function seenOf(record: PlainRecord, said: Told | null): Seen {
  const { topic, partition, offset, key, headers } = record;
  const { ce_id: id = '', signpost_origin: origin = '' } = headers;
  return { topic, partition, offset, key, id, origin, said, reason: null };
}

function insightOf(
  value: Readonly<Record<string, unknown>>,
  thresholds: ReadonlyMap<string, number>,
): Told {
  const judged = value['departments'] as readonly {
    readonly department: string;
    readonly relevance: number;
  }[];
  return {
    ...toldOf(value['signal'] as Record<string, unknown>),
    receivers: judged
      .filter(({ department, relevance }) => relevance >= (thresholds.get(department) ?? Infinity))
      .map(({ department }) => department),
    sharedWith: value['sharedWith'] as readonly string[] | null,
  };
}

/** Of an intake record or a signal: both name their source, id, version and product. */
function toldOf(value: Readonly<Record<string, unknown>>): Told {
  const { source, version, occurredAt, product, revision, kind } = value;
  return {
    id: `${String(source)}/${String(value['sourceId'] ?? value['id'])}/${String(version)}`,
    seq: Number(version),
    mark: String(product).replace('plan ', ''),
    occurredAt: Number(occurredAt),
    revision: typeof revision === 'number' ? revision : null,
    isTicket: kind === 'ticket',
    receivers: [],
    sharedWith: null,
  };
}
