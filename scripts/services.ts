// `bin/node scripts/services.ts up|down|status|start|stop|kill|pause|resume`: real Kafka, PostgreSQL and S3 on this
// machine without Docker. They outlive the command; their data, ports and pids stand in one folder.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeAccess, describeServers, openServices, serviceNames } from './services/folder.ts';
import { lockFolder } from './services/folder-lock.ts';
import { newPassword } from './services/kafka-security.ts';
import { ServerError } from './services/server-error.ts';

const usage = `Usage: bin/node scripts/services.ts COMMAND [SERVER …] [options]

  up                   start Kafka, PostgreSQL and S3, those that do not run yet
  down                 stop them; data and ports stay
  status               what runs, where, and how to reach it
  start SERVER …       start again what was stopped or killed: kafka-1, kafka-2, kafka-3, postgres, s3
  stop SERVER …        stop cleanly
  kill SERVER …        SIGKILL
  pause SERVER …       SIGSTOP: alive, answering nothing
  resume SERVER …      SIGCONT

  --kafka --postgres --s3   only these (up, down, status)
  --brokers 1|3             of a new Kafka (1)
  --users NAME,…            a new Kafka also has SASL and TLS listeners and ACLs; passwords are made up
  --quick                   Kafka starts in half the processor time and serves more slowly (for tests)
  --data DIR                where everything stands (.signpost/services)
  --json                    print what status knows as JSON
`;

const commands = ['up', 'down', 'status', 'start', 'stop', 'kill', 'pause', 'resume'] as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      kafka: { type: 'boolean', default: false },
      postgres: { type: 'boolean', default: false },
      s3: { type: 'boolean', default: false },
      brokers: { type: 'string' },
      users: { type: 'string' },
      data: { type: 'string', default: join(import.meta.dirname, '../.signpost/services') },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [given, ...names] = positionals;
  const command = commands.find((name) => name === given);
  if (values.help) return print(usage);
  if (command === undefined) return refuse(usage);
  const whole = command === 'up' || command === 'down' || command === 'status';
  if (whole && names.length > 0) return refuse(`${command} takes --kafka, --postgres and --s3.`);
  if (!whole && names.length === 0) return refuse(`${command} what? Name a server; see status.`);
  const { brokers } = values;
  if (brokers !== undefined && brokers !== '1' && brokers !== '3') {
    return refuse('--brokers must be 1 or 3.');
  }
  const users =
    values.users === undefined
      ? undefined
      : Object.fromEntries(values.users.split(',').map((name) => [name, newPassword()]));

  const chosen = serviceNames.filter((name) => values[name]);
  const only = chosen.length > 0 ? chosen : serviceNames;
  const unlock = command === 'status' ? undefined : lockFolder(values.data);
  try {
    const services = await openServices(values.data, {
      only: whole ? only : serviceNames,
      create: command === 'up',
      quickStart: values.quick,
      ...(brokers === undefined ? {} : { brokers: brokers === '1' ? 1 : 3 }),
      ...(users === undefined ? {} : { users }),
    });
    if (command === 'up') {
      const running = services.servers.filter(({ pid }) => pid !== undefined);
      for (const { name, pid } of running) warn(`${name} already runs, as pid ${pid}.`);
      await services.start();
    } else if (command === 'down') await services.stop();
    else if (command !== 'status') {
      const servers = names.map((name) => services.server(name));
      await Promise.all(servers.map((server) => server[command]()));
    }
    const report = services.report();
    if (values.json) return print(`${JSON.stringify(report, null, 2)}\n`);
    print(describeServers(report));
    if (command === 'up' || command === 'status') print(describeAccess(report));
  } finally {
    unlock?.();
  }
}

function print(text: string): void {
  writeSync(1, text);
}

function warn(text: string): void {
  writeSync(2, `${text}\n`);
}

function refuse(text: string): void {
  warn(text);
  process.exitCode = 2;
}

try {
  await main();
} catch (error) {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const expected = error instanceof ServerError || code.startsWith('ERR_PARSE_ARGS');
  warn(expected ? (error as Error).message : String((error as Error).stack));
  process.exitCode = expected && !(error instanceof ServerError) ? 2 : 1;
}
