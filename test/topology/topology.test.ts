// The topology holds together: every topic has a writer and a reader, and words are forgotten in time.
import { describe, expect, it } from 'vitest';
import type { TicketAggregate } from '../../schemas/generated/ticket-aggregate.ts';
import {
  departmentStreams,
  erasureDeadlineMs,
  fixedTopics,
  flows,
  insightsOf,
  intakeTopics,
  ticketsAggregated,
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

  it('a cell of aggregates has a key of its own, whatever its names hold', () => {
    const cell = {
      area: 'a',
      theme: 'b/c',
      technology: '5g',
      department: 'all',
      bucket: 'day' as const,
      bucketStart: 1_760_054_400_000,
      updatedAt: 1_760_086_799_999,
    } as TicketAggregate;
    const { key, id } = ticketsAggregated.facts(cell);
    expect(key).toBe('a/b%2Fc/5g/all/day/1760054400000');
    expect(key).not.toBe(ticketsAggregated.facts({ ...cell, area: 'a/b', theme: 'c' }).key);
    // The same cell told anew is another event, told twice the same one.
    expect(ticketsAggregated.facts({ ...cell, opened: 1 }).id).toBe(id);
    expect(ticketsAggregated.facts({ ...cell, updatedAt: cell.updatedAt + 1 }).id).not.toBe(id);
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
