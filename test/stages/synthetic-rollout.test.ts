// The fictional provider's past and its rollout: whenever it is told, weeks to look at, and waves that did something.
import { describe, expect, it } from 'vitest';
import { takeIn } from '../../services/gateway/sources/intake.ts';
import { historyEvents } from '../../services/gateway/synthetic/history.ts';
import type { SyntheticEvent } from '../../services/gateway/synthetic/event.ts';
import { shippedProvider } from '../../services/gateway/synthetic/provider.ts';
import { createBuilt, rolloutCsv } from '../../services/gateway/synthetic/rollout.ts';
import { readWaves } from '../../services/portal/waves/read-waves.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;
const provider = shippedProvider();

describe('the plan', () => {
  it.each(['2024-02-29T23:59:59Z', '2026-11-29T04:00:00Z', '2027-01-01T00:00:00Z'])(
    'as of %s is one that can be imported, of areas that there are',
    (moment) => {
      const now = Date.parse(moment);
      const plan = readWaves(Buffer.from(rolloutCsv(now)), now);
      if (!plan.ok) throw new Error(JSON.stringify(plan.flaws));
      const names = new Set(provider.areas.map(({ name }) => name));
      expect(plan.lines.filter(({ area }) => !names.has(area))).toEqual([]);
      const today = moment.slice(0, 10);
      const finished = plan.lines.filter(({ finishedOn }) => finishedOn !== null);
      expect(finished.every((line) => line.finishedOn! < today)).toBe(true);
      const open = plan.lines.filter(({ finishedOn }) => finishedOn === null);
      expect(open.every(({ plannedOn }) => plannedOn > today)).toBe(true);
      expect(finished.length).toBeGreaterThan(3);
      expect(open.length).toBeGreaterThan(3);
    },
  );
});

describe('the past', () => {
  const now = Date.parse('2026-11-29T04:00:00Z');
  const to = now - 20 * minuteMs;
  const events = [...historyEvents({ seed: 7, now, to })];
  const tickets = events.filter(
    ({ kind, input }) => kind === 'tickets' && input['version'] === '1',
  );

  it('is 90 days in some ten thousands of records, in order, up to where the present begins', () => {
    expect(events.length).toBeGreaterThan(15_000);
    expect(events.length).toBeLessThan(40_000);
    expect(events[0]!.at).toBeLessThan(now - 89 * dayMs);
    expect(events.at(-1)!.at).toBeLessThan(to);
    expect(events.every(({ at }, i) => i === 0 || at >= events[i - 1]!.at)).toBe(true);
    const weeks = Map.groupBy(tickets, ({ at }) => Math.floor((now - at) / (7 * dayMs)));
    expect([...weeks.values()].every((week, i) => i === 12 || week.length > 100)).toBe(true);
  });

  it('is taken in as it is', () => {
    const refused = events.filter(({ kind, source, input }) => {
      const taken = takeIn(kind, input, { source, receivedAt: now });
      return !taken.ok;
    });
    expect(refused).toEqual([]);
  });

  it('is the same when it is told again', () => {
    const again = [...historyEvents({ seed: 7, now, to, days: 3 })];
    expect([...historyEvents({ seed: 7, now, to, days: 3 })]).toEqual(again);
  });

  it('has fewer complaints of coverage where a wave was finished, and as many elsewhere', () => {
    const inWave = new Set(['Kiln Lane', 'AM136', 'Sandpit Lane', 'VX122']);
    const count = (isIn: boolean, from: number, until: number): number =>
      tickets.filter(({ at, truth, input }) => {
        const { area, postcode } = (input['place'] ?? {}) as Record<string, string>;
        const days = (now - at) / dayMs;
        return (
          truth.theme === 'coverage' &&
          inWave.has(area ?? postcode ?? '') === isIn &&
          days < from &&
          days >= until
        );
      }).length;
    expect(count(true, 42, 0)).toBeLessThan(count(true, 86, 44) * 0.5);
    expect(count(false, 42, 0)).toBeGreaterThan(count(false, 86, 44) * 0.6);
  });

  it('holds no update of a ticket that is not there', () => {
    const opened = new Set(tickets.map(({ input }) => input['id']));
    const strays = events.filter(
      ({ kind, input }) => kind === 'tickets' && !opened.has(input['id']),
    );
    expect(strays).toEqual([]);
  });
});

describe('a complaint that a finished wave answers', () => {
  const now = Date.parse('2026-11-29T04:00:00Z');
  const event = (
    id: string,
    place: object | undefined,
    more: Partial<SyntheticEvent> = {},
  ): SyntheticEvent =>
    ({
      at: now,
      kind: 'tickets',
      source: 's',
      input: { id, ...(place && { place }) },
      truth: { theme: 'coverage', outageId: null },
      ...more,
    }) as SyntheticEvent;

  it('is gone for three of four tickets, with all that would follow', () => {
    const built = createBuilt(now, provider);
    const ids = Array.from({ length: 400 }, (_, i) => `TT-${i.toString(36)}-${i % 7}`);
    const gone = ids.filter((id) => built.isAnswered(event(id, { area: 'Kiln Lane' })));
    expect(gone.length).toBeGreaterThan(270);
    expect(gone.length).toBeLessThan(330);
    expect(gone.every((id) => built.isAnswered(event(id, undefined)))).toBe(true);
    expect(built.isAnswered(event(`${gone[0]!.replace('TT', 'SA')}-c`, undefined))).toBe(true);
  });

  it('stays before the wave, in other areas, of other matters and in an outage', () => {
    const built = createBuilt(now, provider);
    const ids = Array.from({ length: 50 }, (_, i) => `TT-${i}-0`);
    const all = (place: object, more: object): boolean[] =>
      ids.map((id) => built.isAnswered(event(id, place, more)));
    expect(all({ area: 'Kiln Lane' }, { at: now - 60 * dayMs })).not.toContain(true);
    expect(all({ area: 'Old Mint' }, {})).not.toContain(true);
    const truth = { theme: 'price', outageId: null };
    expect(all({ area: 'Kiln Lane' }, { truth })).not.toContain(true);
    const outage = { theme: 'coverage', outageId: 'o' };
    expect(all({ area: 'Kiln Lane' }, { truth: outage })).not.toContain(true);
  });
});
