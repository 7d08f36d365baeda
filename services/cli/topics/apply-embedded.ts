// Topics of a data directory's log: created where missing, told of where partitions differ.
import { existsSync } from 'node:fs';
import { logFile } from '#core/log/embedded/log-file.ts';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import type { TopicSpec, TopicStatus } from '#core/log/port.ts';
import { announceSchemas } from '#core/registry/announced.ts';
import { schemasAnnounced } from '../../topology.ts';
import type { ApplyResult } from './apply.ts';
import type { Drift } from './drift.ts';

/** @throws SignpostError `log-in-use` when another process writes to it. */
export async function applyEmbedded(
  directory: string,
  topics: readonly TopicSpec[],
  dryRun: boolean,
): Promise<ApplyResult> {
  const specs: readonly TopicSpec[] = [...topics, schemasAnnounced];
  const before = await topicsOf(directory);
  const missing = specs.filter(({ name }) => !before.some((topic) => topic.name === name));
  const drift = driftOf(specs, before);
  let schemas: readonly string[] = [];
  if (!dryRun && drift.length === 0) {
    const log = await openEmbeddedLog({ directory });
    try {
      await log.ensureTopics(specs);
      schemas = await announceSchemas(log, schemasAnnounced.name, Date.now);
    } finally {
      await log.close();
    }
  }
  return {
    dryRun,
    created: !dryRun && drift.length > 0 ? [] : missing.map(({ name }) => name),
    changed: [],
    drift,
    leftOver: [],
    schemas,
    warnings: [],
    inStep: drift.length === 0 && (missing.length === 0 || !dryRun),
  };
}

async function topicsOf(directory: string): Promise<readonly TopicStatus[]> {
  if (!existsSync(logFile(directory))) return [];
  const log = await openEmbeddedLogReader({ directory });
  try {
    return await log.topics();
  } finally {
    await log.close();
  }
}

function driftOf(specs: readonly TopicSpec[], actual: readonly TopicStatus[]): readonly Drift[] {
  return specs.flatMap(({ name, partitions }): Drift[] => {
    const is = actual.find((topic) => topic.name === name)?.partitions.length ?? partitions;
    if (is === partitions) return [];
    return [
      {
        topic: name,
        setting: 'partitions',
        is: String(is),
        shouldBe: String(partitions),
        remedy: 'by-hand',
      },
    ];
  });
}
