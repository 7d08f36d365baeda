// `signpost alerts`: what stands is shown, acknowledged and silenced, whether the database is free or `up` has it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '#core/store/migrate.ts';
import { openPglite } from '#core/store/pglite.ts';
import type { AlertAnswer, AlertRow, SilenceAnswer } from '../../services/portal/alerts/answers.ts';
import { storeDirectory } from '../../services/cli/store-place.ts';
import { burst, createAlertWorld } from '../support/alert-world.ts';
import { run, start } from '../support/command.ts';

let directory: string;
let data: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-alert-desk-'));
  data = join(directory, 'data');
  const db = await openPglite(storeDirectory(data));
  await migrate(db);
  const world = createAlertWorld(db);
  await world.project([
    ...burst(0, 1),
    ...burst(1, 6),
    ...burst(1, 6, { city: 'Fremont', theme: 'price' }),
    ...burst(2, 9, { city: '\u001b[31mHayward' }),
  ]);
  await world.evaluateTo(3);
  // Nothing is due: what stands goes on as it is.
  await sql`UPDATE signpost.detector SET evaluated_until = now() + interval '1 day', options = NULL`.execute(
    db.query,
  );
  await db.close();
}, 60_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const alerts = (...args: string[]) =>
  run(['alerts', ...args, '--data', data], { cwd: directory, env: { SIGNPOST_KEY: '' } });
const jsonOf = async <T>(...args: string[]): Promise<T[]> => {
  const { stdout, code, stderr } = await alerts(...args, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
};
const at = (city: string, listed: readonly AlertRow[]): AlertRow =>
  listed.find(({ place }) => place.name.startsWith(city))!;

describe('while nobody has the database', () => {
  it('lists what stands, or all, as a table that nothing hostile can break', async () => {
    const { stdout, code } = await alerts('list');
    expect(code).toBe(0);
    expect(stdout).toContain('Hayward, California');
    expect(stdout).not.toContain('\u001b[31m');
    expect(await jsonOf<AlertRow>('list')).toHaveLength(1);
    const all = await jsonOf<AlertRow>('list', '--all');
    expect(all.map(({ state }) => state).toSorted()).toEqual(['firing', 'resolved', 'resolved']);
  });

  it('shows one with its timeline', async () => {
    const all = await jsonOf<AlertRow>('list', '--all');
    const { stdout } = await alerts('show', at('Newark', all).id);
    expect(stdout).toContain('Over: 6 customers in Newark, California reported outages');
    expect(stdout).toMatch(/firing: began[\s\S]*resolved: counts-are-usual/);
    expect(stdout).toContain('noc: firing, waiting');
  });

  it('says what cannot be done, and why', async () => {
    const all = await jsonOf<AlertRow>('list', '--all');
    const cases = [
      [['show', 'nothing'], 'There is no incident nothing'],
      [['ack', 'nothing'], 'There is no incident nothing'],
      [['ack', at('Newark', all).id], 'is over'],
      [['unsilence', 'nothing'], 'There is no silence nothing'],
      [['silence', '--for', '2h', '--comment', ' '], '--comment:'],
      [['silence', '--for', '2h', '--comment', 'a', '--at', 'nonsense'], 'key of a country'],
      [['silence', '--for', '1h', '--comment', 'a', '--theme', 'outtage'], 'perhaps outage'],
      [['silence', '--for', '40d', '--comment', 'a'], '--for: must be at most 30 days'],
    ] as const;
    for (const [args, says] of cases) {
      const { code, stderr } = await alerts(...args);
      expect({ args, code, stderr }).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(says),
      });
    }
    const elsewhere = join(directory, 'none');
    const none = await run(['alerts', 'list', '--data', elsewhere], { cwd: directory });
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing has run on') });
  });

  it('silences what stands at once, and tells it when the silence is ended', async () => {
    const [hayward] = await jsonOf<AlertRow>('list');
    const [silence] = await jsonOf<SilenceAnswer>(
      'silence',
      '--alert',
      hayward!.id,
      '--for',
      '2h',
      '--comment',
      'known, call +1 415 555 0199',
    );
    expect(silence).toMatchObject({ comment: 'known, call [phone]', themes: ['outage'] });
    const [quiet] = await jsonOf<AlertRow>('list');
    expect(quiet).toMatchObject({ state: 'suppressed', suppressedBy: silence!.id });
    expect((await alerts('unsilence', silence!.id)).stdout).toContain('is over since');
    expect(await jsonOf<AlertRow>('list')).toMatchObject([{ state: 'firing' }]);
    expect(await jsonOf('silences')).toEqual([]);
    expect(await jsonOf('silences', '--all')).toHaveLength(1);
  });
});

it('while `up` has the database, it is asked', { timeout: 120_000 }, async () => {
  const up = start(['up', '--data', data, '--port', '0'], { cwd: directory });
  try {
    await up.says(/http:\/\/\S+/);
    const standing = async () =>
      run(['alerts', 'list', '--json', '--data', data], { cwd: directory });
    await expect.poll(async () => (await standing()).code, { timeout: 60_000 }).toBe(0);
    const [hayward] = await jsonOf<AlertRow>('list');
    const { stdout, stderr } = await alerts(
      'ack',
      hayward!.id,
      '--comment',
      'splicers \u001b[31mout',
    );
    expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringContaining('Acknowledged') });
    expect((await alerts('ack', hayward!.id)).stdout).toContain('in hand already');
    const [shown] = await jsonOf<AlertAnswer>('show', hayward!.id);
    expect(shown!.timeline.at(-1)).toMatchObject({
      state: 'acknowledged',
      by: userInfo().username,
      comment: expect.stringContaining('splicers') as string,
    });
    const { stdout: said } = await alerts('show', hayward!.id);
    expect(said).toContain(': splicers');
    expect(said).not.toContain('\u001b[31mout');
    expect((await alerts('ack', hayward!.id, '--comment', ' ')).stderr).toContain('--comment');
    expect((await alerts('show', 'nothing')).stderr).toContain('There is no incident nothing');
    const [silence] = await jsonOf<SilenceAnswer>(
      'silence',
      '--for',
      '1h',
      '--comment',
      'works',
      '--maintenance',
    );
    expect(await jsonOf<SilenceAnswer>('silences')).toMatchObject([{ id: silence!.id }]);
    expect((await alerts('unsilence', silence!.id)).stdout).toContain('is over since');
    expect((await alerts('unsilence', 'nothing')).stderr).toContain('There is no silence');
  } finally {
    up.child.kill('SIGINT');
    await up.ended;
  }
});
