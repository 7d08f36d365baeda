// What `signpost archive verify` and `compact` say to people.
import { describe, expect, it } from 'vitest';
import { keptLines, plannedLines } from '../../services/cli/archive/compact-command.ts';
import { verifiedLines } from '../../services/cli/archive/verify-command.ts';
import { nothingKept } from '../../services/archive/keep-days.ts';
import type { PartitionProof } from '../../services/archive/verify-topic.ts';
import type { Verification } from '../../services/archive/verify.ts';
import type { Finding } from '../../services/archive/findings.ts';

const same = (text: string): string => text;
const styles = {
  bold: same,
  dim: same,
  underline: same,
  red: same,
  green: same,
  yellow: same,
  cyan: same,
};

const partition: PartitionProof = {
  topic: 'insights.shared.v1',
  partition: 0,
  from: 0,
  to: 5000,
  records: 1200,
  rows: 1200,
  erased: 3,
  topicChecksum: '0123456789abcdef',
  archiveChecksum: '0123456789abcdef',
  partly: 34,
  countedOnly: 5,
  waiting: 12,
  expired: 7,
  unreadable: 0,
};
const verification: Verification = {
  proven: true,
  waiting: 12,
  findings: [],
  moreFindings: 0,
  datasets: [
    {
      dataset: 'insights',
      days: 2,
      files: 3,
      rows: 4000,
      bytes: 1e6,
      partitions: [partition],
      filesRead: null,
    },
  ],
};
const finding = (says: string): Finding => ({
  kind: 'object-missing',
  dataset: 'insights',
  day: '2026-11-22',
  key: 'a.parquet',
  partition: null,
  from: null,
  to: null,
  says,
});

describe('what a verification says', () => {
  it('is how much is proven, what waits, and what was only counted', () => {
    expect(verifiedLines(verification, 'place', styles)).toEqual([
      'dataset   days  files   rows  also on topic  waiting',
      'insights     2      3  4,000          1,234       12',
      '',
      '✓ topics and manifests agree: all 1,234 records that both hold are in them once, by number and checksum.',
      '  12 records wait to be archived, which is no fault: `signpost archive sync` does it now.',
      '  3 rows with erased words: counted, not compared.',
      '  7 dead letters past the erasure deadline: the topic forgets them too.',
      "  5 rows of an earlier release's schema: counted, not compared by what they say.",
      '  Files were not checked, so that one that is missing or damaged was not seen: --deep reads them.',
    ]);
  });

  it('is a proof only where files were read', () => {
    const [dataset] = verification.datasets;
    const deep = { ...verification, datasets: [{ ...dataset!, filesRead: 3 }] };
    const lines = verifiedLines(deep, 'place', styles);
    expect(lines).toContain(
      '✓ proven: all 1,234 records that topics and archive both hold are archived once, as they are on the topics.',
    );
    expect(lines.at(-1)).toBe('  3 files read in full.');
    expect(verifiedLines(verification, 'place', styles).join('')).not.toContain('proven');
  });

  it('names each fault, on one line that no terminal is hurt by, and tells how many more there are', () => {
    const findings = Array.from({ length: 25 }, (_, i) => finding(`a\u001b[2J${i}\nb`));
    const wrong = { ...verification, proven: false, findings, moreFindings: 4 };
    const lines = verifiedLines(wrong, 'place', styles);
    expect(lines).toContain('✗ not proven: 29 faults in place');
    expect(lines.filter((line) => line.startsWith('  a'))).toHaveLength(20);
    expect(lines.join('')).not.toMatch(/[\u001b\n]/);
    expect(lines).toContain('  … and 9 more: --json lists the first of them.');
  });

  it('says so where there is nothing at all', () => {
    const empty = {
      ...verification.datasets[0]!,
      files: 0,
      partitions: [{ ...partition, to: 0 }],
    };
    expect(verifiedLines({ ...verification, datasets: [empty] }, 'place', styles)).toEqual([
      'Nothing is archived in place yet, and nothing is on the topics.',
    ]);
  });
});

describe('what a compaction says', () => {
  it('is what was made of how much, and what else was done', () => {
    const kept = {
      ...nothingKept,
      files: 24,
      made: 5,
      rows: 11_975,
      bytesRead: 3 * 2 ** 20,
      bytesWritten: 2 ** 20,
      deleted: 1,
      orphans: 2,
      rejectedRows: 1,
      damaged: 1,
    };
    expect(keptLines(kept, 'place')).toEqual([
      '24 small files became 5: 11,975 rows, 3.0 MiB read, 1.0 MiB written.',
      '1 file that did not count any more is deleted.',
      '2 files that never counted will be deleted after the grace time.',
      '1 dead letter past the erasure deadline will be deleted after the grace time.',
      '1 day could not be seen to, as said above: `signpost archive verify --deep` tells more.',
    ]);
    expect(keptLines(nothingKept, 'place')).toEqual([
      'There was nothing to do: no day in place has small files that are worth making fewer.',
    ]);
  });

  it('is, where nothing is to be done yet, what would be', () => {
    const day = { dataset: 'signals', day: '2026-11-22', files: 24, filesAfter: 2 } as const;
    const planned = [
      { ...day, rows: 1500, bytes: 2 ** 20 },
      { ...day, day: '2026-11-23', rows: 500, bytes: 2 ** 20 },
    ];
    const sums = [
      'dataset  days  files  then   rows     size',
      'signals     2     48     4  2,000  2.0 MiB',
      'Nothing was done: it is done without --dry-run.',
    ];
    expect(plannedLines(planned, { days: false }, styles)).toEqual([
      ...sums,
      '--days lists each day.',
    ]);
    expect(plannedLines(planned, { days: true }, styles)).toEqual([
      'dataset  day         files  then   rows     size',
      'signals  2026-11-22     24     2  1,500  1.0 MiB',
      'signals  2026-11-23     24     2    500  1.0 MiB',
      '',
      ...sums,
    ]);
    expect(plannedLines([], { days: false }, styles)).toEqual([
      'No day has small files that are worth making fewer.',
    ]);
  });
});
