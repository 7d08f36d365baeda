// `signpost archive verify`: the proof as a table, or as JSON.
import { listenForShutdown } from '#core/shutdown.ts';
import type { DatasetName } from '../../archive/datasets.ts';
import { parquetFiles } from '../../archive/parquet-files.ts';
import { verifyArchive, type DatasetProof, type Verification } from '../../archive/verify.ts';
import type { ArchiveVerifyOptions } from '../commands/archive-upkeep.ts';
import { count, many } from '../count.ts';
import { exitCodes } from '../exit.ts';
import { configOf, logAt } from '../open-log.ts';
import { withReader } from '../open-reader.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Styles } from '../output.ts';
import { createProgress } from '../progress.ts';
import { oneLine } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { requireArchive } from './require-archive.ts';
import { openArchive } from './open-archive.ts';

/** Far more than it may take: by then nobody archives. */
const leastLateMs = 3_600_000;
const flushesTillLate = 6;

export async function verifyCommand(place: LogPlace, options: ArchiveVerifyOptions): Promise<void> {
  const config = configOf(place);
  const at = logAt(place, () => config);
  const { from, to, deep = false, dataset } = options;
  await requireArchive(at, config);
  const shutdown = listenForShutdown();
  const progress = createProgress(process.stderr, () => performance.now());
  const output = createOutput();
  let where = '';
  let result: Verification;
  try {
    result = await withReader(place, async (log) => {
      const store = await openArchive(at, config, { access: 'read', signal: shutdown.signal });
      ({ where } = store);
      try {
        return await verifyArchive({ store, format: parquetFiles }, log, {
          now: Date.now,
          graceMs: config.archive.graceMs,
          lateMs: Math.max(leastLateMs, flushesTillLate * config.archive.flushMs),
          span: { ...(from !== undefined && { from }), ...(to !== undefined && { to }) },
          ...(dataset !== undefined && { datasets: dataset as readonly DatasetName[] }),
          deep,
          signal: shutdown.signal,
          onProgress: (share, says) => progress.update(share, says),
        });
      } finally {
        await store.close();
      }
    });
  } finally {
    progress.end();
    shutdown.dispose();
  }
  if (options.json) await output.json({ url: where, ...result });
  else for (const line of verifiedLines(result, where, output.styles)) await output.line(line);
  if (!result.proven) process.exitCode = exitCodes.failed;
}

/** So many findings are shown to a person. */
const mostShown = 20;

export function verifiedLines(
  result: Verification,
  where: string,
  { bold, green, red, dim }: Styles,
): string[] {
  const { datasets, findings, moreFindings, proven, waiting } = result;
  const isEmpty = datasets.every(
    ({ files, partitions }) => files === 0 && partitions.every(({ to, from }) => to === from),
  );
  if (isEmpty && proven)
    return [`Nothing is archived in ${oneLine(where)} yet, and nothing is on the topics.`];
  const sumOf = (of: (proof: DatasetProof['partitions'][number]) => number): number =>
    datasets.flatMap(({ partitions }) => partitions).reduce((sum, one) => sum + of(one), 0);
  const rows = datasets.map(({ dataset, days, files, rows: held, partitions }) => {
    const sum = (of: (proof: DatasetProof['partitions'][number]) => number): string =>
      count(partitions.reduce((all, one) => all + of(one), 0));
    const both = sum(({ records, partly }) => records + partly);
    return [dataset, count(days), count(files), count(held), both, sum(({ waiting: of }) => of)];
  });
  const filesRead = datasets.reduce((sum, one) => sum + (one.filesRead ?? 0), 0);
  const isDeep = datasets.some((one) => one.filesRead !== null);
  const faults = findings.length + moreFindings;
  const erased = sumOf((one) => one.erased);
  const countedOnly = sumOf((one) => one.countedOnly);
  const expired = sumOf((one) => one.expired);
  const both = many(
    sumOf(({ records, partly }) => records + partly),
    'record',
  );
  return [
    ...tableLines(['dataset', 'days', 'files', 'rows', 'also on topic', 'waiting'], rows, bold),
    '',
    proven
      ? green(
          isDeep
            ? `✓ proven: all ${both} that topics and archive both hold are archived once, as they are on the topics.`
            : `✓ topics and manifests agree: all ${both} that both hold are in them once, by number and checksum.`,
        )
      : red(`✗ not proven: ${many(faults, 'fault')} in ${oneLine(where)}`),
    ...findings.slice(0, mostShown).map(({ says }) => `  ${oneLine(says)}`),
    ...(faults > mostShown
      ? [
          `  … and ${count(faults - mostShown)} more: --json lists ${moreFindings > 0 ? 'the first of them' : 'all'}.`,
        ]
      : []),
    ...(waiting > 0
      ? [
          dim(
            `  ${many(waiting, 'record')} wait to be archived, which is no fault: \`signpost archive sync\` does it now.`,
          ),
        ]
      : []),
    ...(erased > 0
      ? [dim(`  ${many(erased, 'row')} with erased words: counted, not compared.`)]
      : []),
    ...(expired > 0
      ? [
          dim(
            `  ${many(expired, 'dead letter')} past the erasure deadline: the topic forgets them too.`,
          ),
        ]
      : []),
    ...(countedOnly > 0
      ? [
          dim(
            `  ${many(countedOnly, 'row')} of an earlier release's schema: counted, not compared by what they say.`,
          ),
        ]
      : []),
    dim(
      isDeep
        ? `  ${many(filesRead, 'file')} read in full.`
        : '  Files were not checked, so that one that is missing or damaged was not seen: --deep reads them.',
    ),
  ];
}
