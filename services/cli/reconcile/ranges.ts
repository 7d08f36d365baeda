// Stretches of partitions by name, as a reconciliation reads them.
import type { CommittedOffset, TopicStatus } from '#core/log/port.ts';
import { groupOf } from '#core/run-stage.ts';

export interface Range {
  readonly topic: string;
  readonly partition: number;
  readonly start: number;
  readonly end: number;
}

export function rangesByTopic(
  topics: readonly TopicStatus[],
): ReadonlyMap<string, readonly Range[]> {
  return new Map(
    topics.map(({ name, partitions }) => [
      name,
      partitions.map(({ partition, start, end, hiddenTo }) => ({
        topic: name,
        partition,
        start,
        // What an open transaction hides counts too: it is waited for when it is read.
        end: hiddenTo ?? end,
      })),
    ]),
  );
}

export function endsOf(ranges: readonly Range[]): ReadonlyMap<string, number> {
  return new Map(ranges.map((range) => [nameOf(range), range.end]));
}

export function offsetsOf(
  committed: readonly CommittedOffset[],
  stage: string,
): ReadonlyMap<string, number> {
  const group = groupOf(stage);
  return new Map(committed.filter((at) => at.group === group).map((at) => [nameOf(at), at.offset]));
}

export function nameOf({
  topic,
  partition,
}: {
  readonly topic: string;
  readonly partition: number;
}): string {
  return `${topic}/${partition}`;
}

export function sizeOf(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
