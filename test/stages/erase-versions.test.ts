// What the report of an erasure says of old versions of objects: until when they live on, and what keeps them.
import { describe, expect, it } from 'vitest';
import type { OldVersions } from '#core/objects/old-versions.ts';
import { newErasure, type Erasure } from '../../services/archive/erasures.ts';
import {
  heldOfErasure,
  heldOfSight,
  heldVersions,
  type AskVersions,
} from '../../services/cli/erase/held-versions.ts';
import { erasureAsJson, erasureLines, sightLines } from '../../services/cli/erase/report.ts';

const dayMs = 86_400_000;
const now = Date.UTC(2026, 10, 29);
const plain = { bold: String, red: (text: string) => `!${text}`, dim: String } as never;
const draft = newErasure(['k1:a'], { now, deadlineMs: 30 * dayMs });
const erasure: Erasure = {
  ...draft,
  removed: { 'archive signals': 2, 'archive insights': 1, 'database words': 3 },
  archiveClearBy: now + dayMs,
};

/** A bucket that says so of each prefix. */
const bucket =
  (answers: Readonly<Record<string, OldVersions>>): AskVersions =>
  (prefixes) =>
    Promise.resolve(new Map(prefixes.map((prefix) => [prefix, answers[prefix]!])));
const everywhere =
  (versions: OldVersions): AskVersions =>
  (prefixes) =>
    Promise.resolve(new Map(prefixes.map((prefix) => [prefix, versions])));
const say = async (ask: AskVersions, of: Erasure = erasure, at = now): Promise<string> =>
  erasureLines(of, await heldVersions(ask, heldOfErasure(of)), [], plain, at).join('\n');

describe('old versions of objects', () => {
  it('are told with when they are gone, counted from when the last object with words is deleted', async () => {
    const held = await heldVersions(everywhere({ kind: 'days', days: 9 }), heldOfErasure(erasure));
    const goneBy = now + 10 * dayMs;
    expect(held).toEqual([
      { dataset: 'signals', goneBy, why: null },
      { dataset: 'insights', goneBy, why: null },
    ]);
    const said = await say(everywhere({ kind: 'days', days: 9 }));
    expect(said).toContain('old versions of insights');
    expect(said).toContain('2026-12-09');
    expect(said).not.toContain('!');
    expect(erasureAsJson(erasure, held)).toMatchObject({ oldVersions: held });
  });

  it('that a hold keeps are named in red, and those of other datasets with their date', async () => {
    const said = await say(
      bucket({ 'signals/v1/': { kind: 'kept' }, 'insights/v1/': { kind: 'days', days: 9 } }),
    );
    expect(said).toContain(
      '!old versions of signals: kept by a hold on signals: no rule of the bucket removes them; lift it or the words stay',
    );
    expect(said).toContain('2026-12-09');
    expect(said).not.toContain('!old versions of insights');
  });

  it('that live on beyond the deadline are named in red with what to do', async () => {
    const said = await say(everywhere({ kind: 'days', days: 40 }));
    expect(said).toContain('!old versions of signals live on beyond the deadline');
  });

  it('of which nobody told anything are named with the reason', async () => {
    const said = await say(everywhere({ kind: 'unknown', reason: 's3://a refuses\u001b[2J' }));
    expect(said).toContain('!old versions of signals: nobody told for how long they are kept');
    expect(said).toContain('s3://a refuses');
    expect(said).not.toContain('\u001b');
  });

  it('that live on are no “nothing is left” of an erasure that is done, until they are gone', async () => {
    const done: Erasure = { ...erasure, doneAt: now + 5 * dayMs };
    const after = everywhere({ kind: 'days', days: 9 });
    expect(await say(after, done, now + 6 * dayMs)).toContain('but old versions of objects');
    expect(await say(after, done, now + 11 * dayMs)).toContain('Done: nothing is left since');
    expect(await say(everywhere({ kind: 'kept' }), done, now + 900 * dayMs)).toContain(
      'but old versions of objects',
    );
  });

  it('are told before anything is changed, too', async () => {
    const sight = { counts: { 'archive rejected': 1 }, topics: [], underWay: null } as const;
    const held = await heldVersions(
      everywhere({ kind: 'days', days: 3 }),
      heldOfSight(sight, draft, dayMs),
    );
    expect(held).toEqual([{ dataset: 'rejected', goneBy: now + 4 * dayMs, why: null }]);
    expect(sightLines(sight, draft, held, [], plain).join('\n')).toContain('2026-12-03');
  });

  it('are not told where there are none, and no bucket is asked where nothing was in it', async () => {
    expect(await say(everywhere({ kind: 'none' }))).not.toContain('old versions');
    const never: AskVersions = () => Promise.reject(new Error('asked'));
    expect(await heldVersions(never, { places: { 'database words': 3 }, clearBy: now })).toEqual(
      [],
    );
  });
});

describe('old files of the archive', () => {
  const clearBy = now + 3_600_000;
  const passed = (changes: object): string =>
    erasureLines({ ...draft, archiveClearBy: clearBy, ...changes }, [], [], plain).join('\n');

  it('are told of until the pass that deletes them', () => {
    const line = 'Old files of the archive hold words still, until';
    expect(passed({ lastPassAt: now })).toContain(line);
    expect(passed({ lastPassAt: clearBy })).not.toContain(line);
    expect(passed({ lastPassAt: now, doneAt: now })).not.toContain(line);
    expect(passed({ archiveClearBy: null })).not.toContain(line);
  });
});
