// From records to batches: each record goes to the partition of its key, batches stay below what brokers take, and
// batches of one partition go out one after the other.
import { SignpostError } from '../../errors.ts';
import { partitionOfKey } from '../embedded/partitioner.ts';
import type { OutgoingRecord } from '../port.ts';
import type { Compressor } from './compression.ts';
import {
  addRecord,
  closeBatch,
  openBatch,
  type ClosedBatch,
  type OpenBatch,
} from './record-batch.ts';
import type { SchemaIds } from './schema-ids.ts';

export interface Outgoing {
  readonly rounds: readonly (readonly ClosedBatch[])[];
  /** Where the record added as number i went: the batch and its place in it; only when asked for. */
  readonly places: readonly Place[];
}

export interface Place {
  readonly topic: string;
  readonly partition: number;
  /** Counted from the first record of this partition in this transaction. */
  readonly index: number;
}

export interface OutgoingOptions {
  /** @throws SignpostError `unknown-topic`. */
  readonly partitionsOf: (topic: string) => Promise<number>;
  /** The name of a topic on the cluster. */
  readonly wireTopic: (topic: string) => string;
  readonly compressor: Compressor;
  readonly schemaIds: SchemaIds | undefined;
  readonly random: () => number;
}

/** A batch is closed before it holds more, uncompressed: brokers take 1 MB (`message.max.bytes`) by default. */
const BATCH_BYTES = 900_000;
/** Per record beside key, value and headers. */
const RECORD_BYTES = 40;

interface Lane {
  open: OpenBatch | undefined;
  readonly closed: ClosedBatch[];
  records: number;
}

interface Route {
  readonly wireTopic: string;
  readonly lanes: (Lane | undefined)[];
  /** Where records without a key go for now: one partition at a time, so that batches are few. */
  sticky: number;
  stickyLeft: number;
}

const STICKY_RECORDS = 100;

/** Takes records one at a time; what the iteration throws is thrown. */
export async function packOutgoing(
  records: Iterable<OutgoingRecord>,
  options: OutgoingOptions,
  withPlaces = false,
): Promise<Outgoing> {
  const { compressor, schemaIds, random } = options;
  const routes = new Map<string, Route>();
  const places: Place[] = [];
  let last: Route | undefined;
  let lastTopic = '';
  for (const record of records) {
    const { topic } = record;
    let route = topic === lastTopic ? last : routes.get(topic);
    if (route === undefined) {
      const wireTopic = options.wireTopic(topic);
      const count = await options.partitionsOf(wireTopic);
      const lanes = Array.from({ length: count }, (): Lane | undefined => undefined);
      route = {
        wireTopic,
        lanes,
        sticky: Math.floor(random() * count),
        stickyLeft: STICKY_RECORDS,
      };
      routes.set(topic, route);
    }
    last = route;
    lastTopic = topic;
    const partition = partitionFor(record, route, random);
    const lane = (route.lanes[partition] ??= { open: undefined, closed: [], records: 0 });
    const bytes = sizeOf(record);
    if (lane.open !== undefined && lane.open.writer.length + bytes > BATCH_BYTES) {
      lane.closed.push(closeBatch(lane.open, compressor));
      lane.open = undefined;
    }
    lane.open ??= openBatch(route.wireTopic, partition, record.timestamp);
    addRecord(lane.open, record, schemaIds);
    if (withPlaces) places.push({ topic, partition, index: lane.records });
    lane.records += 1;
  }
  return { rounds: roundsOf(routes.values(), compressor), places };
}

function roundsOf(routes: Iterable<Route>, compressor: Compressor): ClosedBatch[][] {
  const rounds: ClosedBatch[][] = [];
  for (const { lanes } of routes) {
    for (const lane of lanes) {
      if (lane === undefined) continue;
      if (lane.open !== undefined) lane.closed.push(closeBatch(lane.open, compressor));
      for (const [i, batch] of lane.closed.entries()) (rounds[i] ??= []).push(batch);
    }
  }
  return rounds;
}

function partitionFor({ key }: OutgoingRecord, route: Route, random: () => number): number {
  const { length } = route.lanes;
  if (key !== null) return partitionOfKey(key, length);
  if (route.stickyLeft === 0) {
    route.sticky = Math.floor(random() * length);
    route.stickyLeft = STICKY_RECORDS;
  }
  route.stickyLeft -= 1;
  return route.sticky;
}

function sizeOf({ key, value, headers }: OutgoingRecord): number {
  let bytes = RECORD_BYTES + (key?.length ?? 0) + (value?.length ?? 0);
  for (const name in headers) bytes += name.length + headers[name]!.length + 4;
  if (bytes > 2 ** 30) {
    throw new SignpostError('record-too-large', 'A record is larger than a batch can be');
  }
  return bytes;
}
