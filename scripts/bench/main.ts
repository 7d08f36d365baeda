// `npm run bench`: speed and memory of what users run, on this machine. Figures of record stand in docs/performance.md.
import { parseArgs } from 'node:util';
import { alertSystems } from './alerts/systems.ts';
import { benchImport } from './import.ts';
import { benchJudge } from './judge.ts';
import { benchKafka, kafkaWays } from './kafka.ts';
import { benchProject } from './project.ts';
import { stores } from './loaded-store.ts';
import { benchQuery } from './query.ts';
import { benchStart } from './start.ts';

const HELP = `Measures Signpost on this machine.

  npm run bench                          start, and import of 100,000 and 500,000 short texts
  npm run bench -- import --records N    import of N short texts to published streams
  npm run bench -- start                 cold start of the command and of \`signpost up\`
  npm run bench -- codecs                encoding and decoding of a signal
  npm run bench -- judge                 judging of short texts, with and without reasons
  npm run bench -- project               insights into facts, in PostgreSQL and in PGlite
  npm run bench -- query                 questions of planners; --signals N (default 2,000,000), --store postgres or
                                         pglite (default both)
  npm run bench -- pages                 how soon each page is there in Chromium, with 20,000 made-up records
  npm run bench -- pages --signals N     the same on PostgreSQL with N signals of two years
  npm run bench -- pages --url URL       the same of a portal that runs already; --key TOKEN where it needs one
  npm run bench -- kafka [WAY …]         signals through a real broker, and how long one takes; ways (default all):
                                         ${kafkaWays.join(', ')}
  npm run bench -- archive               insights into Parquet files and back, bytes and memory, and compaction of a day of
                                         them; --records N (default 200,000)
  npm run bench -- alerts                outages of a made-up country: what is found, how soon, and false alarms, beside
                                         rivals on the same sightings; takes hours, less with fewer --weeks (default 26),
                                         --outages (520), --budget 0.2,1,5 (false alarms a week) or --systems (default all:
                                         ${alertSystems.join(', ')}); --seed N,
                                         --min-customers N, --country small is quicker, --failures prints each that was
                                         missed, and each false alarm
  npm run bench -- alerts-speed          50,000 series evaluated every 15 minutes; --series N
  Example: npm run bench -- alerts --country small --weeks 8 --outages 100 --budget 1 --systems signpost,z-score

Options: --records N, --runs N (default 3; medians are what counts on a busy machine), --json,
         --profile DIR (kafka: profiles of the processor, one of each process)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    records: { type: 'string' },
    runs: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    profile: { type: 'string' },
    url: { type: 'string' },
    key: { type: 'string' },
    signals: { type: 'string' },
    store: { type: 'string' },
    budget: { type: 'string', default: '0.2,1,5' },
    outages: { type: 'string', default: '520' },
    weeks: { type: 'string', default: '26' },
    'warm-up-weeks': { type: 'string', default: '6' },
    seed: { type: 'string', default: '1' },
    'min-customers': { type: 'string', default: '4' },
    systems: { type: 'string', default: alertSystems.join(',') },
    failures: { type: 'boolean', default: false },
    series: { type: 'string', default: '50000' },
    country: { type: 'string', default: 'large' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const runs = Number(values.runs);
const [what = 'all', ...ways] = positionals;
const unknown = ways.filter((way) => what !== 'kafka' || !kafkaWays.includes(way));

const chosenStores = stores.filter((store) => values.store === undefined || store === values.store);

const known =
  [
    'all',
    'import',
    'start',
    'codecs',
    'judge',
    'project',
    'query',
    'pages',
    'kafka',
    'archive',
    'alerts',
    'alerts-speed',
  ].includes(what) &&
  unknown.length === 0 &&
  chosenStores.length > 0 &&
  Number(values.signals ?? 1) >= 1;
const budgets = values.budget.split(',').map(Number);
const systems = values.systems.split(',');
const alertsBench = {
  budgets,
  systems,
  outages: Number(values.outages),
  weeks: Number(values.weeks),
  warmUpWeeks: Number(values['warm-up-weeks']),
  seed: Number(values.seed),
  minCustomers: Number(values['min-customers']),
  failures: values.failures,
  country: values.country === 'small' ? 'small' : 'large',
} as const;
const alertsKnown =
  ['large', 'small'].includes(values.country) &&
  budgets.every((budget) => budget > 0) &&
  systems.every((system) => alertSystems.includes(system)) &&
  [alertsBench.outages, alertsBench.seed].every((each) => Number.isInteger(each) && each >= 0) &&
  [alertsBench.weeks, alertsBench.minCustomers, Number(values.series)].every(
    (each) => Number.isInteger(each) && each >= 1,
  ) &&
  Number.isInteger(alertsBench.warmUpWeeks) &&
  // A rival compares with the same hour of six weeks; tuning in the warm-up needs some weeks before it.
  alertsBench.warmUpWeeks >= 4;

if (values.help || !known || !alertsKnown || !(runs >= 1)) {
  console.log(HELP);
  process.exitCode = values.help ? 0 : 2;
} else {
  const results: object[] = [];
  if (what === 'all' || what === 'start') results.push(await benchStart(runs));
  if (what === 'all' || what === 'import') {
    const sizes = values.records === undefined ? [100_000, 500_000] : [Number(values.records)];
    for (const records of sizes) {
      for (let run = 0; run < runs; run += 1) results.push(await benchImport(records));
    }
  }
  if (what === 'judge') results.push(benchJudge());
  if (what === 'project') results.push(...(await benchProject(Number(values.records ?? 100_000))));
  if (what === 'query') {
    const rows: object[] = [];
    for (const store of chosenStores) {
      rows.push(
        ...(await benchQuery({ signals: Number(values.signals ?? 2_000_000), store, asked: 100 })),
      );
    }
    if (values.json) results.push(...rows);
    else console.table(rows);
  }
  if (what === 'codecs') await import('./codecs.ts');
  if (what === 'pages') {
    const records = Number(values.records ?? 20_000);
    const { url, key } = values;
    const signals = values.signals === undefined ? undefined : Number(values.signals);
    const { benchPages } = await import('./pages.ts');
    const rows = await benchPages({ url, key, signals, records, runs });
    if (values.json) results.push(...rows);
    else console.table(rows);
  }
  if (what === 'kafka') {
    const records = Number(values.records ?? 100_000);
    const { profile } = values;
    results.push(await benchKafka({ records, ways, profile }));
  }
  if (what === 'archive') {
    const { benchArchive } = await import('./archive.ts');
    const tables = await benchArchive(Number(values.records ?? 200_000));
    if (values.json) results.push(...tables);
    else printTables(tables);
  }
  if (what === 'alerts') {
    const { benchAlerts } = await import('./alerts.ts');
    const tables = await benchAlerts(alertsBench);
    if (values.json) results.push(...tables);
    else printTables(tables);
  }
  if (what === 'alerts-speed') {
    const { benchAlertsSpeed } = await import('./alerts-speed.ts');
    results.push(benchAlertsSpeed(Number(values.series)));
  }
  for (const result of results) {
    if (values.json) console.log(JSON.stringify(result));
    else if ('throughput' in result) Object.values(result).forEach((part) => console.table(part));
    else console.table(result);
  }
}

function printTables(
  tables: readonly { readonly title: string; readonly rows: readonly object[] }[],
): void {
  for (const { title, rows } of tables) {
    console.log(`\n${title}`);
    console.table(rows);
  }
}
