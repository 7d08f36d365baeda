// farringtonFlexible of R's package `surveillance` (Noufaily et al. 2013) as a rival: R itself runs it, on hourly series.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Alarm } from './alarms.ts';
import { upperTail } from '../../../../services/alert/detect/negative-binomial.ts';
import { hourSlices } from '../runs.ts';
import type { CountLog } from './count-log.ts';
import type { SimpleOptions } from './simple.ts';

const run = promisify(execFile);
const weekHours = 168;
const script = join(import.meta.dirname, 'farrington.R');

/** What is missing for it, for people; undefined where nothing is. */
export async function missingForFarrington(): Promise<string | undefined> {
  try {
    await run('Rscript', ['-e', 'library(surveillance)']);
    return undefined;
  } catch {
    return 'farringtonFlexible needs R and its package surveillance: apt-get install r-base-core r-cran-surveillance';
  }
}

/**
 * Score: -log10 of its p-value. Whole hours only, and for time's sake of those no others than have enough customers and
 * more than a Poisson of that hour's mean in the last six weeks would bring once in a thousand times. A budget of a few
 * alarms a week leaves none of the others.
 * @throws Error where R cannot run it
 */
export async function farringtonAlarms(log: CountLog, options: SimpleOptions): Promise<Alarm[]> {
  const counts: string[] = [];
  const tests: string[] = [];
  for (let series = 0; series < log.seriesCount; series += 1) {
    const hours = hoursOf(log, series);
    const wanted = [...hours.keys()].filter((hour) => isWorthATest(hours, hour, options));
    if (wanted.length === 0) continue;
    for (const [hour, customers] of hours) counts.push(`${series},${hour},${customers}`);
    for (const hour of wanted) tests.push(`${series},${hour}`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'signpost-farrington-'));
  const file = (name: string): string => join(folder, name);
  try {
    writeFileSync(file('counts.csv'), counts.join('\n'));
    writeFileSync(file('tests.csv'), tests.join('\n'));
    const hours = String(Math.floor(log.slices / hourSlices));
    await run('Rscript', [script, file('counts.csv'), file('tests.csv'), hours, file('p.csv')], {
      maxBuffer: 64 * 1024 * 1024,
    });
    return readFileSync(file('p.csv'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [series, hour, p] = line.split(',').map(Number) as [number, number, number];
        const slice = hour * hourSlices + hourSlices - 1;
        return { slice, series, score: -Math.log10(Math.max(p, 1e-300)), window: hourSlices };
      });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hoursOf(log: CountLog, series: number): Map<number, number> {
  const hours = new Map<number, number>();
  const { slices, counts } = log.series(series);
  for (const [at, slice] of slices.entries()) {
    const hour = Math.floor(slice / hourSlices);
    hours.set(hour, (hours.get(hour) ?? 0) + counts[at]!);
  }
  return hours;
}

function isWorthATest(
  hours: ReadonlyMap<number, number>,
  hour: number,
  { warmUpSlices, minCustomers }: SimpleOptions,
): boolean {
  const customers = hours.get(hour)!;
  // It needs six whole weeks before, and the hours beside the same hour of the first of them.
  const first = Math.max(warmUpSlices / hourSlices, 6 * weekHours + 2);
  if (customers < minCustomers || hour < first) return false;
  let mean = 0;
  for (let back = 1; back <= 6; back += 1) mean += (hours.get(hour - back * weekHours) ?? 0) / 6;
  return upperTail(customers, Math.max(mean, 0.1), 0) <= 0.001;
}
