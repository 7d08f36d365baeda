// Topics and partitions as the log's thread knows them: ends and sizes in memory, so that an append asks nothing.
import type { DatabaseSync } from 'node:sqlite';
import { SignpostError } from '../../errors.ts';
import type { Position, TopicSpec, TopicStatus } from '../port.ts';
import type { Queries } from './queries.ts';

export interface PartitionState {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
  /** First offset held. */
  start: number;
  /** Offset of the next record. */
  end: number;
  bytes: number;
}

export interface PartitionTable {
  topic(name: string): readonly PartitionState[] | undefined;
  /** @throws SignpostError `unknown-topic`. */
  require(name: string): readonly PartitionState[];
  positionOf(place: { readonly partitionId: number; readonly offset: number }): Position;
  byId(id: number): PartitionState | undefined;
  all(): Iterable<PartitionState>;
  status(): readonly TopicStatus[];
  /** Creates what is missing. @throws SignpostError `topic-mismatch`. */
  ensure(specs: readonly TopicSpec[]): void;
}

export function loadPartitionTable(db: DatabaseSync, queries: Queries): PartitionTable {
  const topics = new Map<string, PartitionState[]>();
  const ids = new Map<number, PartitionState>();
  const insertTopic = db.prepare(
    'INSERT INTO topics (name, partitions, retention_ms, retention_bytes) VALUES (?, ?, ?, ?) RETURNING id',
  );
  const updateTopic = db.prepare(
    'UPDATE topics SET retention_ms = ?, retention_bytes = ? WHERE name = ?',
  );
  const insertPartition = db.prepare('INSERT INTO partitions (topic_id, partition) VALUES (?, ?)');

  function load(): void {
    for (const row of queries.partitions()) {
      if (ids.has(row.id)) continue;
      const state: PartitionState = { ...row };
      ids.set(state.id, state);
      const siblings = topics.get(state.topic);
      if (siblings === undefined) topics.set(state.topic, [state]);
      else siblings.push(state);
    }
  }

  function ensureOne(spec: TopicSpec): void {
    const retentionBytes = spec.retentionBytes ?? null;
    const existing = queries.topic(spec.name);
    if (existing === null) {
      const id = insertTopic.get(spec.name, spec.partitions, spec.retentionMs, retentionBytes)?.[
        'id'
      ];
      for (let n = 0; n < spec.partitions; n += 1) insertPartition.run(Number(id), n);
      return;
    }
    if (existing.partitions !== spec.partitions) {
      throw new SignpostError(
        'topic-mismatch',
        `Topic ${spec.name} has ${existing.partitions} partitions, not ${spec.partitions}`,
        {
          hint: 'Another number would send keys elsewhere and break their order. Keep it, or start a new data directory.',
        },
      );
    }
    updateTopic.run(spec.retentionMs, retentionBytes, spec.name);
  }

  load();
  return {
    topic: (name) => topics.get(name),
    require(name) {
      const found = topics.get(name);
      if (found !== undefined) return found;
      throw new SignpostError('unknown-topic', `There is no topic ${name}`);
    },
    positionOf({ partitionId, offset }) {
      const state = ids.get(partitionId);
      if (state === undefined) throw new Error(`No partition has the id ${partitionId}`);
      return { topic: state.topic, partition: state.partition, offset };
    },
    byId: (id) => ids.get(id),
    all: () => ids.values(),
    status: () =>
      [...topics].map(([name, partitions]) => ({
        name,
        partitions: partitions.map(({ partition, start, end, bytes }) => ({
          partition,
          start,
          end,
          bytes,
        })),
      })),
    ensure(specs) {
      db.exec('BEGIN IMMEDIATE');
      try {
        for (const spec of specs) {
          checkSpec(spec);
          ensureOne(spec);
        }
        db.exec('COMMIT');
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        throw error;
      }
      load();
    },
  };
}

function checkSpec({ name, partitions }: TopicSpec): void {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 10_000) {
    throw new SignpostError(
      'topic-mismatch',
      `Topic ${name} cannot have ${partitions} partitions`,
      {
        hint: 'Between 1 and 10000.',
      },
    );
  }
}
