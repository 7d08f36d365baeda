// `npm run chaos`: a kill storm on a cluster of its own, judged by an oracle that knows only what was acknowledged.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { complaintsAboutAway, runBrokerAway } from './chaos/broker-away.ts';
import { complaintsAbout, runStorm, seconds, type StormReport } from './chaos/storm.ts';

const usage = `Usage: npm run chaos -- [options]

Runs every service as processes on a Kafka and a PostgreSQL of its own, kills, pauses and restarts them under load, and
counts what was lost, doubled, from nowhere or out of order. Ends with 1 when anything was. See docs/chaos.md.

  --events N        100000
  --keys N          5000
  --partitions N    12
  --copies N        of each stage (3)
  --kills N         SIGKILLs of services (100)
  --restarts N      kill -9 and start of a broker (20)
  --joins N         copies that join and leave (50)
  --pauses N        SIGSTOP beyond the session (10)
  --database N      kill -9 and start of PostgreSQL (5)
  --brokers 1|3     (1)
  --fused           all stages in one process, chained
  --minutes N       shortest time to send in (what the faults need)
  --session MS      session timeout of groups (10000)
  --away SECONDS    no storm: the broker is killed for so long, with senders at the gateway
  --hang SECONDS    the same, with the broker stopped and its connections open
  --seed N          draws the storm (a new one)
  --keep            leave journal, logs and data behind
  --json            print the report as JSON
`;

const number = (name: string, text: string | undefined, usual: number): number => {
  if (text === undefined) return usual;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  console.error(`--${name} must be a number, not ${text}`);
  process.exit(2);
};

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;
const { values } = parseArgs({
  options: {
    events: text,
    keys: text,
    partitions: text,
    copies: text,
    kills: text,
    restarts: text,
    joins: text,
    pauses: text,
    database: text,
    brokers: text,
    minutes: text,
    session: text,
    away: text,
    hang: text,
    seed: text,
    fused: flag,
    keep: flag,
    json: flag,
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort(new Error(`Ended by ${signal}`)));
}
if (values.help) console.log(usage);
else {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    console.error(String(interrupted.signal.reason));
    process.exitCode = 130;
  }
}

async function main(): Promise<number> {
  const kills = number('kills', values.kills, 100);
  const restarts = number('restarts', values.restarts, 20);
  const joins = number('joins', values.joins, 50);
  const pauses = number('pauses', values.pauses, 10);
  const databaseKills = number('database', values.database, 5);
  const usualMs = 3_000 * kills + 9_000 * restarts + 1_000 * joins + 3_000 * databaseKills;
  const seed = number('seed', values.seed, Date.now() % 1_000_000);
  const begun = performance.now();
  const say = (line: string): void => {
    console.error(`${seconds(performance.now() - begun).padStart(8)}  ${line}`);
  };
  const root = join(import.meta.dirname, '..');
  const { signal } = interrupted;
  if (values.away !== undefined || values.hang !== undefined) {
    const how = values.away === undefined ? 'hang' : 'kill';
    const awayMs = 1_000 * number(how === 'kill' ? 'away' : 'hang', values.away ?? values.hang, 0);
    const report = await runBrokerAway({ root, how, awayMs, signal, say });
    const complaints = complaintsAboutAway(report);
    console.log(JSON.stringify({ ...report, complaints }, null, 2));
    return complaints.length === 0 ? 0 : 1;
  }
  say(`seed ${seed}`);
  const report = await runStorm({
    seed,
    events: number('events', values.events, 100_000),
    keys: number('keys', values.keys, 5_000),
    partitions: number('partitions', values.partitions, 12),
    copies: number('copies', values.copies, 3),
    kills,
    restarts,
    joins,
    pauses,
    databaseKills,
    brokers: values.brokers === '3' ? 3 : 1,
    fused: values.fused,
    durationMs:
      values.minutes === undefined ? usualMs : number('minutes', values.minutes, 1) * 60_000,
    sessionTimeoutMs: number('session', values.session, 10_000),
    root,
    signal,
    say,
    keep: values.keep,
  });
  const complaints = complaintsAbout(report);
  if (values.json) console.log(JSON.stringify({ ...report, complaints }, null, 2));
  else print(report, complaints);
  return complaints.length === 0 ? 0 : 1;
}

function print(report: StormReport, complaints: readonly string[]): void {
  const { judgement, struck, repeated, refused, drainMs, sendingMs, wallMs, folder } = report;
  const { acknowledged, accepted, insights, dropped, rejected, inDepartments, counts } = judgement;
  const all = (counted: Readonly<Record<string, number>>): string =>
    Object.entries(counted)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  console.log(`seed          ${report.seed}
struck        ${all(struck)}
acknowledged  ${acknowledged}; ${repeated} attempts repeated, ${refused} of them told to come again
accepted      ${accepted} = ${insights} insights + ${dropped} dropped + ${rejected} rejected; ${inDepartments} in departments
oracle        ${all(counts)}
reconcile     ${report.reconciled ? 'balanced' : 'NOT balanced'}
time          sent in ${seconds(sendingMs)}, drained within ${seconds(drainMs)} of the last fault, ${seconds(wallMs)} in all${folder === undefined ? '' : `\nkept in       ${folder}`}`);
  for (const complaint of complaints) console.log(`FAIL          ${complaint}`);
  console.log(complaints.length === 0 ? 'Survived.' : 'Not survived.');
}
