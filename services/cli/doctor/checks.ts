// What Signpost needs of a machine, one check each. A check reads; nothing is left behind, no secret is shown.
import {
  accessSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { listApiKeys } from '#core/http/api-key-changes.ts';
import { readGazetteer } from '../../normalize/gazetteer.ts';
import { parsePseudonymKeys } from '../../normalize/pseudonym.ts';
import { readConfig, type Config } from '../config.ts';
import { departmentNames, readDepartments } from '../departments.ts';
import { openJudge } from '../judgement.ts';
import { pseudonymKeysVariable } from '../pseudonym-keys.ts';
import { sizeOf } from '../topics.ts';
import { logHolds, readersMove } from './log-checks.ts';
import { plannersOf } from './planners-checks.ts';
import { schemaProblems } from './schema-files.ts';

export interface Finding {
  readonly says: string;
  /** What to do; present when something is wrong. */
  readonly wrong?: string;
}

export interface Check {
  readonly name: string;
  /** What it throws counts as wrong, with the error's own hint. */
  readonly look: () => Finding | Promise<Finding>;
}

const leastNode = 24;
const leastFreeBytes = 1024 ** 3;

/** @param configFile undefined: as commands choose it */
export function checksOf(
  directory: string,
  configFile: string | undefined,
  env: NodeJS.ProcessEnv,
): readonly Check[] {
  const config = (): Config => readConfig(configFile);
  return [
    checkOfNode,
    { name: 'SQLite', look: sqlite },
    { name: 'configuration', look: () => (config(), { says: configFile ?? 'valid' }) },
    { name: 'data directory', look: () => dataDirectory(directory) },
    { name: 'free disk', look: () => freeDisk(directory) },
    { name: 'writer', look: () => writer(directory) },
    { name: 'log', look: () => logHolds(directory) },
    { name: 'readers', look: () => readersMove(directory) },
    { name: 'planners', look: () => plannersOf(directory) },
    ...checksOfCode(config),
    { name: 'pseudonym keys', look: () => pseudonymKeys(directory, env) },
    { name: 'API keys', look: () => apiKeys(directory) },
    { name: 'port', look: () => port(config(), directory) },
  ];
}

export const checkOfNode: Check = { name: 'Node', look: nodeVersion };

/** What holds wherever the log is: the code, and what the configuration names. */
export function checksOfCode(config: () => Config): readonly Check[] {
  return [
    { name: 'schemas', look: schemas },
    {
      name: 'departments',
      look: () => ({
        says: departmentNames(config().classify).join(', '),
      }),
    },
    {
      name: 'model',
      look: () => ({
        says: openJudge(config().classify, readDepartments(config().classify)).version,
      }),
    },
    { name: 'gazetteer', look: () => gazetteer(config()) },
  ];
}

function nodeVersion(): Finding {
  const { node } = process.versions;
  const isNew = Number(node.split('.')[0]) >= leastNode;
  return {
    says: node,
    ...(isNew
      ? {}
      : { wrong: `Signpost needs Node ${leastNode}: run \`npm ci\` where it is installed.` }),
  };
}

function sqlite(): Finding {
  const db = new DatabaseSync(':memory:');
  try {
    return { says: String(db.prepare('SELECT sqlite_version() AS version').get()?.['version']) };
  } finally {
    db.close();
  }
}

function dataDirectory(directory: string): Finding {
  const path = resolve(directory);
  if (!existsSync(path)) {
    const parent = existingParent(path);
    return can(parent, constants.W_OK)
      ? { says: `${path} will be made` }
      : {
          says: `${path} cannot be made`,
          wrong: `Make ${parent} writable, or choose another with --data.`,
        };
  }
  if (!statSync(path).isDirectory())
    return { says: `${path} is no directory`, wrong: 'Choose another with --data.' };
  if (!can(path, constants.R_OK | constants.X_OK))
    return { says: `${path} cannot be read`, wrong: 'Give yourself the right to read it.' };
  if (!can(path, constants.W_OK))
    return {
      says: `${path} cannot be written`,
      wrong: 'Give yourself the right to write to it; reading works.',
    };
  if (wordsAreOpen(path))
    return { says: `${path} can be read by others`, wrong: `Run: chmod 700 ${path}` };
  return { says: path };
}

/** The log holds words as they came in. One closed directory on the way to it is enough. */
function wordsAreOpen(directory: string): boolean {
  const within = join(directory, 'log');
  if (!isOpenToOthers(directory) || !isOpenToOthers(within) || !can(within, constants.R_OK))
    return false;
  return readdirSync(within).some((name) => isOpenToOthers(join(within, name)));
}

/** Windows has no such modes: its files are their owner's by what the folder grants. */
function isOpenToOthers(path: string): boolean {
  if (process.platform === 'win32') return false;
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.mode & 0o077) !== 0;
}

function freeDisk(directory: string): Finding {
  const { bavail, bsize } = statfsSync(existingParent(resolve(directory)));
  const free = bavail * bsize;
  const says = `${sizeOf(free)} free`;
  return free >= leastFreeBytes
    ? { says }
    : { says, wrong: `Make room: at least ${sizeOf(leastFreeBytes)}.` };
}

/** The file that a writer leaves while it writes; a killed one cannot take it away. */
function writer(directory: string): Finding {
  const pid = writerOf(directory);
  return {
    says:
      pid === undefined ? 'no process writes' : `process ${pid} writes; reading goes on beside it`,
  };
}

function writerOf(directory: string): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(join(directory, 'log', 'writer.json'), 'utf8')) as {
      pid?: unknown;
    };
    if (typeof pid !== 'number') return undefined;
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    // Alive, but somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM' ? -1 : undefined;
  }
}

function schemas(): Finding {
  const problems = schemaProblems();
  if (problems.length === 0) return { says: 'generated code fits the schemas' };
  return { says: problems.join('; '), wrong: 'Run `npm run generate`, or install Signpost anew.' };
}

function gazetteer({ normalize }: Config): Finding {
  if (normalize.gazetteer === undefined)
    return { says: 'none configured: places are as the sources give them' };
  readGazetteer(normalize.gazetteer, normalize.gazetteerColumns);
  return { says: normalize.gazetteer };
}

function pseudonymKeys(directory: string, env: NodeJS.ProcessEnv): Finding {
  const fromEnvironment = env[pseudonymKeysVariable]?.trim();
  if (fromEnvironment) {
    parsePseudonymKeys(fromEnvironment);
    return { says: `from ${pseudonymKeysVariable}` };
  }
  const file = join(directory, 'pseudonym-keys');
  if (!existsSync(file)) return { says: 'will be made at the first start' };
  parsePseudonymKeys(readFileSync(file, 'utf8').trim());
  return isOpenToOthers(file)
    ? { says: `${file} can be read by others`, wrong: `Run: chmod 600 ${file}` }
    : { says: file };
}

async function apiKeys(directory: string): Promise<Finding> {
  const active = (await listApiKeys(directory)).filter(({ revokedAt }) => revokedAt === null);
  return {
    says:
      active.length === 0
        ? 'none: `signpost keys create` makes one for a sender'
        : `${active.length} active`,
  };
}

async function port({ gateway }: Config, directory: string): Promise<Finding> {
  const { host, port: number } = gateway;
  const code = await new Promise<string | undefined>((done) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'unknown'));
    server.listen({ host, port: number, exclusive: true }, () =>
      server.close(() => done(undefined)),
    );
  });
  const at = `${host}:${number}`;
  if (code === undefined) return { says: `${at} is free` };
  if (code === 'EADDRINUSE' && writerOf(directory) !== undefined)
    return { says: `${at} is in use while Signpost runs` };
  const says = code === 'EADDRINUSE' ? `${at} is in use` : `${at} cannot be listened on (${code})`;
  return { says, wrong: 'Choose another with --port or gateway.port in the configuration.' };
}

function can(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

function existingParent(path: string): string {
  let at = path;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}
