// What doctor finds in the log: what it holds, and whether its readers get on.
import { setTimeout as pause } from 'node:timers/promises';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import type { LogReader } from '#core/log/port.ts';
import { groupOf } from '#core/run-stage.ts';
import { flows } from '../../topology.ts';
import { count } from '../count.ts';
import { timeOf } from '../tail/show-record.ts';
import type { Finding } from './checks.ts';
import { stalledReaders } from './stalled-readers.ts';

/** Stages that are up commit more often than that. */
const secondLookMs = 1000;

export function logHolds(directory: string): Promise<Finding> {
  return whereThereIsALog(directory, async (reader) => {
    const topics = await reader.topics();
    const records = topics
      .flatMap(({ partitions }) => partitions)
      .reduce((sum, { start, end }) => sum + end - start, 0);
    return { says: `${topics.length} topics, ${count(records)} records` };
  });
}

export function readersMove(directory: string): Promise<Finding> {
  return whereThereIsALog(directory, async (reader) => {
    const stalled = await stalledReaders(reader, () => pause(secondLookMs));
    if (stalled.length === 0) return { says: 'none stands still' };
    const own = new Set(flows.map(({ name }) => groupOf(name)));
    const isOwn = stalled.every(({ group }) => own.has(group));
    return {
      says: stalled
        .map(
          ({ group, topic, behind, waitingSince }) =>
            `${group} stands still while ${topic} grows: ${count(behind)} records wait, since ${timeOf(waitingSince)}`,
        )
        .join('; '),
      wrong: `What a reader has not read is kept, however old. ${isOwn ? '`signpost up` reads on.' : 'Start it again: nothing of this version reads in its name.'}`,
    };
  });
}

async function whereThereIsALog(
  directory: string,
  look: (reader: LogReader) => Promise<Finding>,
): Promise<Finding> {
  let reader: LogReader;
  try {
    reader = await openEmbeddedLogReader({ directory });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'no-log') return { says: 'none yet' };
    throw error;
  }
  try {
    return await look(reader);
  } finally {
    await reader.close();
  }
}
