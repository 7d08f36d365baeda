// A backtest tells what would have been raised: by program, and by the command on a file and on a data directory.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backtest } from '../../services/alert/backtest.ts';
import type { Sighting } from '../../services/alert/sighting.ts';
import { beginning, historyOf } from '../support/alert-history.ts';
import { endAll, run, start } from '../support/command.ts';

const day = 96;
const rise = {
  from: 16 * day,
  to: 16 * day + 16,
  rate: 8,
  cities: ['Northport'],
  theme: 'outage',
} as const;
const sightings = historyOf({ seed: 1, buckets: 19 * day, rises: [rise] }).flat();
const options = {
  budgetPerWeek: 0.2,
  minCustomers: 4,
  warmUpDays: 14,
  latenessMs: 300_000,
  from: -Infinity,
  to: Infinity,
};
const at = (bucket: number): number => beginning + bucket * 900_000;

describe('a backtest', () => {
  it('tells the incidents, and of how many weeks', () => {
    const result = backtest(sightings, options);
    expect(result.incidents).toHaveLength(1);
    expect(result.incidents[0]).toMatchObject({
      place: 'Northport, Coast, NL',
      placeLevel: 'city',
      themes: ['outage'],
    });
    expect(result.weeks).toBeCloseTo(5 / 7, 1);
    expect(result.falseAlarmBudgetPerWeek).toBe(0.2);
    expect(result.seriesTested).toBeGreaterThan(50);
  });

  it('tells the same in any order', () => {
    expect(backtest(sightings.toReversed(), options)).toEqual(backtest(sightings, options));
  });

  it('tells of a range alone, and learns from what comes before', () => {
    const before = backtest(sightings, { ...options, to: at(rise.from) });
    expect(before.incidents).toEqual([]);
    const within = backtest(sightings, { ...options, from: at(rise.from), to: at(rise.to) });
    expect(within.incidents).toHaveLength(1);
    expect(within.weeks).toBeCloseTo(16 / 672, 3);
    expect(backtest(sightings, { ...options, from: at(17 * day) }).incidents).toEqual([]);
  });

  it('of history within the warm-up tells no incident in no weeks', () => {
    const result = backtest(sightings.slice(0, 300), options);
    expect(result).toMatchObject({ incidents: [], weeks: 0, incidentsPerWeek: 0 });
  });

  it('of one sighting ends', () => {
    expect(backtest(sightings.slice(0, 1), options).incidents).toEqual([]);
  });
});

describe('signpost alerts backtest', () => {
  let folder: string;
  let file: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'signpost-test-'));
    file = join(folder, 'complaints.csv');
    await writeFile(file, complaintsOf(sightings));
  });
  afterAll(endAll);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('replays a file by the mapping that its columns ask for', async () => {
    const args = ['alerts', 'backtest', '--file', file, '--budget', '0.2', '--json'];
    const { code, stdout } = await run(args, { cwd: folder });
    expect(code).toBe(0);
    const { incidents, weeks, seriesTested, falseAlarmBudgetPerWeek } = JSON.parse(stdout);
    // All of it has one postcode, which says more than the city.
    const place = '90001, Northport, California, US';
    const incident = incidents.find((each: { place: string }) => each.place === place);
    expect(incident).toMatchObject({ placeLevel: 'postcode' });
    expect(incident.themes).toContain('outage');
    expect(Date.parse(incident.detectedAt)).toBeGreaterThan(Date.parse(incident.startedAt));
    expect(weeks).toBeGreaterThan(0.5);
    expect(seriesTested).toBeGreaterThan(10);
    expect(falseAlarmBudgetPerWeek).toBe(0.2);
  });

  it('says the same for people', async () => {
    const { stdout } = await run(['alerts', 'backtest', '--file', file], { cwd: folder });
    expect(stdout).toMatch(
      /at 1 false alarm a week: \d+ incidents?, on average at most about 1 of them by chance/,
    );
    expect(stdout).toMatch(/90001, Northport, California, US \(postcode\): .*outage/);
  });

  it('runs with what is configured where no option says otherwise', async () => {
    const config = join(folder, 'signpost.yaml');
    await writeFile(config, 'alert: { falseAlarmsPerWeek: 5, minCustomers: 900, warmUpDays: 3 }');
    const args = ['alerts', 'backtest', '--file', file, '--config', config];
    const { stdout } = await run(args, { cwd: folder });
    expect(stdout).toContain('after 3 days of warm-up, at 5 false alarms a week');
    expect(stdout).toContain('No incident.');
  });

  it('says that nothing lies in a range after all that was said', async () => {
    const args = ['alerts', 'backtest', '--file', file, '--from', '2036-01-01'];
    const { stdout } = await run(args, { cwd: folder });
    expect(stdout).toContain('nothing lies in the range');
  });

  it('says of a file with a header alone that it holds no records', async () => {
    const empty = join(folder, 'empty.csv');
    await writeFile(empty, complaintsOf([]));
    const { code, stderr } = await run(['alerts', 'backtest', '--file', empty], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toContain('empty.csv holds no records');
  });

  it('keeps nothing of a file when it is interrupted, and says so', async () => {
    const temporary = await mkdtemp(join(folder, 'tmp-'));
    const env = { ...process.env, TMPDIR: temporary };
    const { child, ended } = start(['alerts', 'backtest', '--file', file], { cwd: folder, env });
    const isFilling = async () => (await readdir(temporary, { recursive: true })).length > 1;
    await expect.poll(isFilling, { timeout: 20_000, interval: 20 }).toBe(true);
    child.kill('SIGINT');
    expect((await ended).stderr).toMatch(/Interrupted; nothing is kept\.\n*$/);
    expect(await readdir(temporary)).toEqual([]);
  });

  it.each([
    [['--budget', 'none'], 'It must be a number. It must be above 0.'],
    [['--mapping', 'us-isp-complaints'], 'give --file too'],
    [['--file', 'nothing.csv'], 'There is no file nothing.csv'],
    [['--from', 'yesterday'], '--from is no date'],
    [['--from', '2026-02-01', '--to', '2026-01-01'], '--to is not later than --from'],
    [['--data', 'nowhere'], 'There is no Signpost log in nowhere'],
  ])('with %j says what is wrong', async (args, says) => {
    const { code, stderr } = await run(['alerts', 'backtest', ...args], { cwd: folder });
    expect(code).not.toBe(0);
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

const words: Readonly<Record<string, string>> = {
  outage: 'Internet outage',
  'slow-speed': 'slow internet speed',
  'billing-error': 'billing error',
  price: 'price increase',
};

/** In the columns of the shipped mapping us-isp-complaints. */
function complaintsOf(said: readonly Sighting[]): string {
  const rows = said.map(({ id, at: moment, theme, place }) => {
    // The mapping takes the time as that of Washington.
    const local = new Date(moment - 5 * 3_600_000).toISOString().slice(0, 19);
    return `${id},${local},${words[theme]},Internet,${place.city},California,90001,Closed`;
  });
  return ['ticket,received_at_local,subject,received_via,city,state,zip,status', ...rows, ''].join(
    '\n',
  );
}
