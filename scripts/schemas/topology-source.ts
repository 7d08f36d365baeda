// What the documents need of `services/topology.ts`: its topics with one pattern for all department streams, its flows.
import type { Flow } from '../../services/topology.ts';

/** A topic as documents tell of it. */
export interface DescribedTopic {
  readonly name: string;
  readonly codec: { readonly recordName: string };
  readonly description: string;
  readonly keyedBy: string;
  readonly partitions: number;
  readonly retentionMs: number;
  readonly compacted?: true;
  readonly words: 'raw' | 'redacted' | 'none';
}

/** The exports of `services/topology.ts` that documents follow from. */
export interface TopologySource {
  readonly fixedTopics: readonly DescribedTopic[];
  readonly insightsOf: (department: string) => DescribedTopic;
  readonly departmentStreams: string;
  readonly flows: readonly Flow[];
}

/** Every topic; the department streams stand as one, `insights.<department>.v1`. */
export function describedTopics(topology: TopologySource): readonly DescribedTopic[] {
  const streams = topology.insightsOf('<department>');
  if (streams.name !== topology.departmentStreams) {
    throw new Error(`department streams are ${streams.name} and ${topology.departmentStreams}`);
  }
  return [
    ...topology.fixedTopics,
    {
      ...streams,
      description: 'Insights that matter to one department, each saying who else received it.',
    },
  ];
}

/** How long records are kept, as a reader of the catalogue wants to know it. */
export function keptText({ compacted, retentionMs }: DescribedTopic): string {
  return compacted === true
    ? `the last of each key; on an embedded log ${daysText(retentionMs)}`
    : daysText(retentionMs);
}

/** `7 days` of milliseconds. */
export function daysText(ms: number): string {
  const days = ms / 86_400_000;
  return `${Number.isInteger(days) ? days : days.toFixed(1)} day${days === 1 ? '' : 's'}`;
}
