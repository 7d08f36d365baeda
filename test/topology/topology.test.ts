// The topology holds together: every topic has a writer and a reader, and words are forgotten in time.
import { describe, expect, it } from 'vitest';
import {
  departmentStreams,
  erasureDeadlineMs,
  fixedTopics,
  flows,
  insightsOf,
  intakeTopics,
  topicsFor,
} from '../../services/topology.ts';

const names = [...fixedTopics.map(({ name }) => name), departmentStreams];

describe('topology', () => {
  it.each(names)('%s has a writer and a reader', (name) => {
    expect(
      flows.filter(({ writes }) => writes.includes(name)).map((flow) => flow.name),
    ).not.toEqual([]);
    expect(flows.filter(({ reads }) => reads.includes(name)).map((flow) => flow.name)).not.toEqual(
      [],
    );
  });

  it('no flow reads or writes a topic that is not declared', () => {
    const used = flows.flatMap(({ reads, writes }) => [...reads, ...writes]);
    expect(used.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('topics are facts in the past tense with a version', () => {
    const all = topicsFor(['operations']).map(({ name }) => name);
    expect(all.filter((name) => !/^[a-z]+\.[a-z-]+\.v\d+$/.test(name))).toEqual([]);
  });

  it('no topic with words is kept longer than the erasure deadline', () => {
    const kept = topicsFor(['operations']).filter(({ words }) => words !== 'none');
    expect(Math.max(...kept.map(({ retentionMs }) => retentionMs))).toBeLessThanOrEqual(
      erasureDeadlineMs,
    );
  });

  it('a bound keeps less than usual, and never more', () => {
    const hour = 3_600_000;
    const [few] = topicsFor([], { days: 1 / 24, bytesPerPartition: 1 << 20 });
    expect(few).toMatchObject({ retentionMs: hour, retentionBytes: 1 << 20 });
    const times = (days: number) => topicsFor(['x'], { days }).map((topic) => topic.retentionMs);
    expect(times(400)).toEqual(topicsFor(['x']).map(({ retentionMs }) => retentionMs));
  });

  it('what came in is read by normalize alone', () => {
    for (const { name } of intakeTopics) {
      expect(flows.filter(({ reads }) => reads.includes(name)).map((flow) => flow.name)).toEqual([
        'normalize',
      ]);
    }
  });

  it('a department is a stream of its own', () => {
    expect(topicsFor(['operations', 'legal']).map(({ name }) => name)).toContain(
      insightsOf('legal').name,
    );
  });
});
