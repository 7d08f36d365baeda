// An archive filled from a log the short way: chunks of chosen sizes, in files of JSON. What the archive's stage does about
// faults is none of its concern.
import { createHash } from 'node:crypto';
import type { LogReader } from '#core/log/port.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { header } from '#core/topic.ts';
import { createTally } from '../../services/archive/covers.ts';
import type { Dataset } from '../../services/archive/datasets.ts';
import { chunkFileKey, dayOf } from '../../services/archive/layout.ts';
import { changeManifest } from '../../services/archive/manifest.ts';
import type { FileAccess } from '../../services/archive/read-file.ts';
import type { ArchivedRow } from '../../services/archive/row.ts';

export interface Filler {
  /** Archives what is on the topic and not archived yet, up to `most` records of each partition. */
  fill(dataset: Dataset<never>, most?: number): Promise<void>;
}

/**
 * @param chunkRecords records of a chunk at most
 * @param nameOf the name that the archive keeps a topic by
 */
export function createFiller(
  log: Pick<LogReader, 'topics' | 'read'>,
  access: FileAccess,
  chunkRecords = 7,
  nameOf: (topic: string) => string = (topic) => topic,
): Filler {
  const archived = new Map<string, number>();
  return {
    async fill(dataset, most = Infinity) {
      const { name } = dataset.topic;
      const status = (await log.topics()).find((topic) => topic.name === name);
      for (const { partition, end } of status?.partitions ?? []) {
        const key = `${name}/${partition}`;
        const to = Math.min(end, (archived.get(key) ?? 0) + most);
        for (let from = archived.get(key) ?? 0; from < to;) {
          const maxRecords = Math.min(chunkRecords, to - from);
          const { records, nextOffset } = await log.read(name, partition, from, { maxRecords });
          const rows = records.map(({ offset, timestamp, headers, value }) => ({
            partition,
            offset,
            timestamp,
            origin: headers[header.origin] ?? null,
            traceparent: headers[header.traceparent] ?? null,
            replayOf: headers[header.replayOf] ?? null,
            erasedAt: null,
            record: dataset.topic.codec.decode(value!),
          }));
          const range = { topic: nameOf(name), partition, from, to: nextOffset };
          await writeChunk(access, dataset, range, rows);
          from = nextOffset;
          archived.set(key, from);
        }
      }
    },
  };
}

async function writeChunk(
  { store, format }: FileAccess,
  dataset: Dataset<never>,
  range: Parameters<typeof chunkFileKey>[2],
  rows: readonly ArchivedRow<never>[],
): Promise<void> {
  const byDay = Map.groupBy(rows, ({ record }) => dayOf(dataset.eventTime(record)));
  for (const [day, some] of byDay) {
    const file = format.begin(dataset);
    const tally = createTally(dataset, [range]);
    for (const row of some) {
      file.add(row);
      tally.add(row);
    }
    await put(store, dataset, day, {
      key: chunkFileKey(dataset, day, range),
      bytes: file.finish(),
      rows: some.length,
      covers: [...tally.covers()],
    });
  }
}

async function put(
  store: ObjectStore,
  dataset: Dataset<never>,
  day: string,
  {
    key,
    bytes,
    ...rest
  }: {
    key: string;
    bytes: Uint8Array;
    rows: number;
    covers: ReturnType<ReturnType<typeof createTally>['covers']>[number][];
  },
): Promise<void> {
  await store.put(key, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = { key, bytes: bytes.length, sha256, ...rest };
  await changeManifest(store, dataset, day, (manifest) => ({
    ...manifest,
    files: [...manifest.files, file],
  }));
}
