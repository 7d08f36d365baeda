// Reading without a group: topics, groups, records and checkpoints, committed records alone. What was written before a
// question is seen by its answer: a transaction that was still being finished then is waited for, briefly.
import { SignpostError } from '../../errors.ts';
import type {
  CommittedOffset,
  LogReader,
  ReceivedRecord,
  ReadLimits,
  ReadResult,
} from '../port.ts';
import { toSignpostError, type Asked } from './kafka-error.ts';
import { createBuffered } from './lane.ts';
import {
  boundsOf,
  committedOf,
  groupsNamed,
  keyOf,
  statusOf,
  type At,
  type Ends,
} from './offsets.ts';
import { persist, type PersistParts } from './persist.ts';
import { fetchRecords } from './fetch-request.ts';
import { errorAbout } from './requests.ts';
import type { SchemaIds } from './schema-ids.ts';

export interface ReaderParts extends PersistParts {
  readonly schemaIds: SchemaIds | undefined;
  readonly topicPrefix: string;
  /** Longest that anything open can be open. */
  readonly transactionTimeoutMs: number;
}

/** Where checkpoints are kept: compacted, by key. */
export const checkpointsTopic = 'signpost.checkpoints.v1';
/** Names of groups that are Signpost's. */
const GROUP_PREFIX = 'signpost.';

const DEFAULT_MAX_RECORDS = 1_000;
const DEFAULT_MAX_BYTES = 4 * 1024 * 1024;
const FETCH_BYTES = 1024 * 1024;
/** What is open for longer is of somebody who died, and not worth waiting for. */
const SETTLE_MS = 1_000;
const SETTLE_STEP_MS = 20;
const OUT_OF_RANGE = 1;
/** A broker that was away for longer is an error to tell. */
const PERSIST_MS = 5_000;
const UNKNOWN_TOPIC = 3;

export function createReader(parts: ReaderParts): LogReader {
  const { brokers, schemaIds, topicPrefix, now, sleep } = parts;
  const wireTopic = (topic: string): string => topicPrefix + topic;
  /** Ends of committed records that did not move while they were waited for: not waited for again. */
  const stuck = new Map<string, number>();
  const checkpoints = new Map<string, string>();
  let checkpointsRead = 0;
  let readingCheckpoints: Promise<void> | undefined;

  async function reliably<T>(
    doing: string,
    ask: () => Promise<T>,
    asked: Asked = { operation: 'Read' },
  ): Promise<T> {
    try {
      return await persist(parts, now() + PERSIST_MS, ask);
    } catch (error) {
      throw toSignpostError(error, doing, asked);
    }
  }

  /** Where committed records end, once what was open at the time of asking is done or was waited for long enough. */
  async function settledEnds(partitions: readonly At[]): Promise<Ends> {
    const written = await boundsOf(brokers, partitions, 'end');
    const until = now() + SETTLE_MS;
    for (;;) {
      const stable = await boundsOf(brokers, partitions, 'stable');
      const waiting = partitions.filter((at) => {
        const key = keyOf(at);
        const offset = stable.get(key) ?? 0;
        return offset < (written.get(key) ?? 0) && stuck.get(key) !== offset;
      });
      if (waiting.length === 0) return { stable, written };
      if (now() >= until) {
        for (const at of waiting) stuck.set(keyOf(at), stable.get(keyOf(at)) ?? 0);
        return { stable, written };
      }
      await sleep(SETTLE_STEP_MS);
    }
  }

  async function ownTopics(): Promise<{ name: string; partitions: At[] }[]> {
    const { topics } = await brokers.metadata(null);
    return topics
      .filter(
        ({ name, internal, errorCode }) =>
          !internal &&
          errorCode !== UNKNOWN_TOPIC &&
          name.startsWith(topicPrefix) &&
          name !== wireTopic(checkpointsTopic),
      )
      .map(({ name, partitions }) => ({
        name: name.slice(topicPrefix.length),
        partitions: partitions
          .filter(({ leader }) => leader >= 0)
          .map(({ partition }) => ({ topic: name, partition }))
          .toSorted((a, b) => a.partition - b.partition),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async function read(
    topic: string,
    partition: number,
    from: number,
    limits: ReadLimits = {},
  ): Promise<ReadResult> {
    const at = { topic: wireTopic(topic), partition };
    const key = keyOf(at);
    const maxRecords = Math.max(1, limits.maxRecords ?? DEFAULT_MAX_RECORDS);
    let bytesLeft = Math.max(1, limits.maxBytes ?? DEFAULT_MAX_BYTES);
    const until = now() + SETTLE_MS;
    let buffered = createBuffered(topic, from, schemaIds);
    let settleAt: number | undefined;
    const records: ReceivedRecord[] = [];
    let nextOffset = from;
    for (;;) {
      const leader = await brokers.leaderOf(at.topic, partition);
      const offset = buffered.fetchOffset();
      const [answer] = await fetchRecords(leader, [{ ...at, offset, maxBytes: FETCH_BYTES }], {
        maxWaitMs: settleAt === undefined ? 0 : SETTLE_STEP_MS,
        maxBytes: FETCH_BYTES,
      });
      if (answer === undefined) throw errorAbout(UNKNOWN_TOPIC, at.topic);
      if (answer.errorCode === OUT_OF_RANGE) {
        const start = (await boundsOf(brokers, [at], 'start')).get(key) ?? 0;
        const end = (await boundsOf(brokers, [at], 'stable')).get(key) ?? 0;
        if (offset >= start)
          return { records, nextOffset: Math.max(from, nextOffset), endOffset: end };
        buffered = createBuffered(topic, start, schemaIds);
        nextOffset = start;
        continue;
      }
      if (answer.errorCode !== 0) throw errorAbout(answer.errorCode, at.topic);
      const { lastStableOffset, highWatermark } = answer;
      buffered.add(answer);
      const taken = buffered.take(maxRecords - records.length, bytesLeft);
      for (const record of taken.records) {
        bytesLeft -= (record.value?.length ?? 0) + (record.key?.length ?? 0);
        records.push(record);
      }
      nextOffset = Math.max(nextOffset, taken.nextOffset);
      const full = records.length >= maxRecords || bytesLeft <= 0 || buffered.hasRecords();
      if (full) return { records, nextOffset, endOffset: lastStableOffset };
      if (answer.nextOffset !== undefined && nextOffset < lastStableOffset) continue;
      settleAt ??= highWatermark;
      const settled = nextOffset >= settleAt || stuck.get(key) === lastStableOffset;
      if (settled || records.length > 0)
        return { records, nextOffset, endOffset: lastStableOffset };
      if (now() >= until) {
        stuck.set(key, lastStableOffset);
        return { records, nextOffset, endOffset: lastStableOffset };
      }
    }
  }

  /** Reads on to where the topic ended at the time of asking, waiting for what was open: a resumed import must know. */
  async function readCheckpoints(): Promise<void> {
    const at = { topic: wireTopic(checkpointsTopic), partition: 0 };
    const end = (await boundsOf(brokers, [at], 'end')).get(keyOf(at)) ?? 0;
    const until = now() + parts.transactionTimeoutMs * 2;
    while (checkpointsRead < end) {
      const { records, nextOffset } = await read(checkpointsTopic, 0, checkpointsRead);
      for (const { key, value } of records) {
        if (key !== null && value !== null) checkpoints.set(key, Buffer.from(value).toString());
        else if (key !== null) checkpoints.delete(key);
      }
      checkpointsRead = nextOffset;
      if (now() > until) {
        throw new SignpostError('log-unavailable', 'A write of checkpoints is not being finished');
      }
      if (records.length === 0 && checkpointsRead < end) await sleep(SETTLE_STEP_MS);
    }
  }

  return {
    topics: () =>
      reliably('Describing topics', async () => {
        const topics = await ownTopics();
        const partitions = topics.flatMap((topic) => topic.partitions);
        const status = await statusOf(brokers, partitions, await settledEnds(partitions));
        return topics.map(({ name, partitions: its }) => ({
          name,
          partitions: its.map((at) => status.get(keyOf(at))!),
        }));
      }),
    async committed(named) {
      const partitions = await reliably('Describing topics', async () =>
        (await ownTopics()).flatMap((topic) => topic.partitions),
      );
      const groups =
        named?.map((group) => topicPrefix + group) ??
        (await reliably('Listing groups', () => groupsNamed(brokers, topicPrefix + GROUP_PREFIX)));
      const all: CommittedOffset[] = [];
      for (const group of groups) {
        const offsets = await reliably(
          `Asking where ${group} stands`,
          () => committedOf(brokers, group, partitions),
          { operation: 'Describe', group },
        );
        for (const { topic, partition } of partitions) {
          const offset = offsets.get(keyOf({ topic, partition }));
          if (offset === undefined) continue;
          const own = {
            group: group.slice(topicPrefix.length),
            topic: topic.slice(topicPrefix.length),
          };
          all.push({ ...own, partition, offset });
        }
      }
      return all;
    },
    read: (topic, partition, offset, limits) =>
      reliably(`Reading ${topic}/${partition}`, () => read(topic, partition, offset, limits)),
    checkpoint: (key) =>
      reliably('Reading checkpoints', async () => {
        try {
          readingCheckpoints ??= readCheckpoints().finally(() => {
            readingCheckpoints = undefined;
          });
          await readingCheckpoints;
        } catch (error) {
          if (error instanceof SignpostError && error.code === 'unknown-topic') return null;
          throw error;
        }
        return checkpoints.get(key) ?? null;
      }),
    close: () => brokers.close(),
  };
}
