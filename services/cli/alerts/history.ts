// The history that a backtest replays: what a log holds, or a file brought through the same pipeline.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignpostError } from '#core/errors.ts';
import type { LogReader } from '#core/log/port.ts';
import type { Db } from '#core/store/postgres.ts';
import { readSightings } from '../../alert/sighting-rows.ts';
import { sightingOf, type Sighting } from '../../alert/sighting.ts';
import { routeOf, subscribersByName } from '../../publish/route.ts';
import { insightsShared } from '../../topology.ts';
import { loadMapping } from '../../gateway/mapping/mapping.ts';
import { readConfig } from '../config.ts';
import { readDepartments } from '../departments.ts';
import { runImport } from '../import-run.ts';
import { withReader } from '../open-reader.ts';
import { withStore } from '../open-store.ts';
import type { LogPlace } from '../options.ts';
import { readRange } from '../read-range.ts';
import { mappingFor } from './mapping-for.ts';

export interface History {
  readonly sightings: readonly Sighting[];
  /** Whether what is kept longer than the log is in a database that another process has open. */
  readonly isLogAlone: boolean;
}

/** Later than anything that was said. */
const latestMs = Date.UTC(9999, 0, 1);

/**
 * Sightings of a data directory or a cluster: those that the database keeps, and those among the insights that the log
 * still holds, the first of each id. A database that another process has to itself is passed over, and said to be.
 */
export async function historyOf(
  place: LogPlace,
  onRead: (read: number, all: number) => void,
): Promise<History> {
  const config = readConfig(place.config);
  const needs = { place, config, clock: Date.now, applicationName: 'signpost alerts' };
  const kept = await withStore(needs, keptIn);
  const sightings = new Map<string, Sighting>();
  if (kept.kind === 'used') for (const each of kept.value) sightings.set(each.id, each);
  const subscribers = subscribersByName(readDepartments(config.classify).departments);
  await withReader(place, async (log) => {
    for await (const insights of insightsIn(log, onRead))
      for (const insight of insights) {
        const { receivers } = routeOf(insight, subscribers);
        const sighting = sightingOf(insight, receivers);
        if (sighting !== undefined && !sightings.has(sighting.id))
          sightings.set(sighting.id, sighting);
      }
  });
  return { sightings: [...sightings.values()], isLogAlone: kept.kind === 'in-use' };
}

async function keptIn({ query }: Db): Promise<readonly Sighting[]> {
  try {
    return await readSightings(query, 0, latestMs, 'all');
  } catch (error) {
    // Of a release that had no alerts.
    if (error instanceof SignpostError && error.code === 'store-outdated') return [];
    throw error;
  }
}

async function* insightsIn(log: LogReader, onRead: (read: number, all: number) => void) {
  const topic = (await log.topics()).find(({ name }) => name === insightsShared.name);
  const partitions = topic?.partitions ?? [];
  const all = partitions.reduce((sum, { start, end }) => sum + end - start, 0);
  let read = 0;
  for (const { partition, start, end } of partitions)
    for await (const records of readRange(log, insightsShared.name, partition, start, end)) {
      // A record that cannot be read was set aside by every stage too.
      yield records.flatMap(({ value }) => {
        const insight = value === null ? undefined : tryDecode(value);
        return insight === undefined ? [] : [insight];
      });
      read += records.length;
      onRead(read, all);
    }
}

function tryDecode(value: Uint8Array) {
  try {
    return insightsShared.codec.decode(value);
  } catch (error) {
    if (error instanceof SignpostError) return undefined;
    throw error;
  }
}

/**
 * Sightings of a file, taken in and judged as `signpost import` would, in a directory that is gone afterwards.
 * @param mapping by default the shipped one whose columns the file has
 */
export async function historyOfFile(
  file: string,
  mapping: string | undefined,
  config: string | undefined,
): Promise<History> {
  const named = mapping ?? (await mappingFor(file));
  const { kind } = await loadMapping(named);
  const data = await mkdtemp(join(tmpdir(), 'signpost-backtest-'));
  const place = { data, isDataNamed: true, ...(config === undefined ? {} : { config }) };
  try {
    await runImport({ kind, file, mapping: named, place }, () => Promise.resolve());
    return await historyOf(place, () => {});
  } catch (error) {
    // What an import keeps when it is interrupted is here in a directory that is gone.
    if (!(error instanceof SignpostError && error.code === 'interrupted')) throw error;
    throw new SignpostError('interrupted', 'Interrupted; nothing is kept.', { cause: error });
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}
