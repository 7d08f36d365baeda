// A day of insights as the stage writes it, a file every five minutes of each of four partitions, and how the keeper makes
// few files of them meanwhile.
import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Insight } from '#schemas/insight.ts';
import { openObjectStore } from '#core/objects/open-store.ts';
import { compactDay, nothingCompacted } from '../../services/archive/compact.ts';
import { createTally } from '../../services/archive/covers.ts';
import { insights as dataset } from '../../services/archive/datasets.ts';
import { chunkFileKey } from '../../services/archive/layout.ts';
import { changeManifest, readManifest } from '../../services/archive/manifest.ts';
import { parquetFiles } from '../../services/archive/parquet-files.ts';
import { writeParquet } from '../../services/archive/parquet/write.ts';
import { usualCompaction } from '../../services/archive/plan-compaction.ts';
import type { ArchivedRow } from '../../services/archive/row.ts';

const flushes = 288;
const partitions = 4;
const day = '2026-11-22';

/** @param make the insight of a number @param records of the day */
export async function benchCompaction(make: (n: number) => Insight, records: number) {
  const directory = await mkdtemp(join(tmpdir(), 'signpost-bench-archive-'));
  const store = await openObjectStore(directory);
  try {
    const perFile = Math.max(1, Math.round(records / flushes / partitions));
    const now = Date.now();
    const parts = { store, format: parquetFiles, now: () => now };
    const spent = { write: 0, compact: 0 };
    let written = { bytes: 0, rows: 0 };
    let done = nothingCompacted;
    let most = 0;
    const compact = async (settings = usualCompaction): Promise<void> => {
      const before = process.cpuUsage();
      const one = await compactDay({ ...parts, settings }, dataset, day);
      spent.compact += since(before);
      done = {
        files: done.files + one.files,
        made: done.made + one.made,
        rows: done.rows + one.rows,
        bytesRead: done.bytesRead + one.bytesRead,
        bytesWritten: done.bytesWritten + one.bytesWritten,
      };
    };
    for (let flush = 0; flush < flushes; flush += 1) {
      for (let partition = 0; partition < partitions; partition += 1) {
        const from = flush * perFile;
        const rows = Array.from({ length: perFile }, (_, n) =>
          rowOf(make((from + n) * partitions + partition), partition, from + n),
        );
        const before = process.cpuUsage();
        const bytes = await writeChunk(rows, { partition, from, to: from + perFile });
        spent.write += since(before);
        written = { bytes: written.bytes + bytes, rows: written.rows + perFile };
      }
      await compact();
      most = Math.max(most, (await readManifest(store, dataset, day)).manifest.files.length);
    }
    await compact({ ...usualCompaction, settledMs: 0 });
    const { manifest } = await readManifest(store, dataset, day);
    const seconds = spent.compact / 1e6;
    const bytesLeft = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
    return [
      {
        title: `Compaction of a day of ${flushes} x ${partitions} files of ${perFile} insights, on one core`,
        rows: [
          {
            'rows/s': Math.round(done.rows / seconds),
            'MB/s read': Math.round((done.bytesRead / seconds / 1e6) * 10) / 10,
            'each row written anew': Math.round((done.rows / written.rows) * 100) / 100,
            'bytes written by first': Math.round((done.bytesWritten / written.bytes) * 100) / 100,
            'CPU by that of the stage': Math.round((spent.compact / spent.write) * 100) / 100,
            'files at most': most,
            'files left': manifest.files.length,
            'MB first': Math.round(written.bytes / 1e5) / 10,
            'MB left': Math.round(bytesLeft / 1e5) / 10,
          },
        ],
      },
    ];
  } finally {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }

  async function writeChunk(
    rows: readonly ArchivedRow<Insight>[],
    at: { readonly partition: number; readonly from: number; readonly to: number },
  ): Promise<number> {
    const range = { topic: dataset.topic.name, ...at };
    const tally = createTally(dataset, [range]);
    for (const row of rows) tally.add(row);
    const bytes = writeParquet(dataset, rows);
    const key = chunkFileKey(dataset, day, range);
    await store.put(key, bytes, { kind: 'absent' });
    const covers = [...tally.covers()];
    const sums = { rows: rows.length, bytes: bytes.length, sha256: hash('sha256', bytes) };
    await changeManifest(store, dataset, day, (manifest) => ({
      ...manifest,
      files: [...manifest.files, { key, ...sums, covers }],
    }));
    return bytes.length;
  }
}

function rowOf(record: Insight, partition: number, offset: number): ArchivedRow<Insight> {
  return {
    partition,
    offset,
    timestamp: record.signal.receivedAt,
    origin: `tickets.reported.v1/${partition}/${offset}`,
    traceparent: null,
    replayOf: null,
    erasedAt: null,
    record,
  };
}

/** Microseconds of processor time. */
function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
