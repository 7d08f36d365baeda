// Where a command reads and acts on alerts: in the database of a cluster, in a data directory nobody writes to, or, asked
// over HTTP, in one that another process writes to. All three answer as the query API does.
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { logDirectory } from '#core/log/embedded/log-file.ts';
import { lockForWriting, type WriterLock } from '#core/log/embedded/writer-lock.ts';
import { SignpostError } from '#core/errors.ts';
import { makeDirectory } from '#core/make-directory.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Acknowledged } from '../../alert/actions.ts';
import type {
  AlertAnswer,
  AlertsAnswer,
  MadeSilence,
  SilenceAnswer,
} from '../../portal/alerts/answers.ts';
import type { SilenceBody } from '../../portal/alerts/questions.ts';
import type { Reader } from '../../portal/reader.ts';
import type { Config } from '../config.ts';
import { intakeOf } from '../judgements/intake-address.ts';
import { configOf, logAt } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { storeDirectory } from '../store-place.ts';
import { writeRefused } from '../write-refused.ts';
import { remoteDesk } from './remote-desk.ts';

export interface AlertDesk {
  /** For messages: a directory, a database without credentials, or the address of a running process. */
  readonly where: string;
  /** The latest first. */
  list(which: 'standing' | 'all', most: number): Promise<AlertsAnswer>;
  /** Null where there is none. */
  show(id: string): Promise<AlertAnswer | null>;
  acknowledge(id: string): Promise<Acknowledged>;
  silences(over: boolean): Promise<readonly SilenceAnswer[]>;
  /** @throws SignpostError naming what is wrong with it */
  silence(body: SilenceBody): Promise<MadeSilence>;
  /** Undefined where there is none. */
  unsilence(id: string): Promise<SilenceAnswer | undefined>;
}

export interface DeskNeeds {
  readonly place: LogPlace;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly env: NodeJS.ProcessEnv;
  readonly fetch: typeof globalThis.fetch;
}

/** Runs `use` on the desk and lets go of it. @throws SignpostError, also where nothing has run yet. */
export async function withDesk<T>(
  needs: DeskNeeds,
  use: (desk: AlertDesk) => Promise<T>,
): Promise<T> {
  const config = configOf(needs.place);
  const at = logAt(needs.place, () => config);
  if (at.kind === 'kafka') {
    const { database } = config;
    if (database === undefined) {
      throw new SignpostError('config-invalid', 'On a cluster alerts are in Postgres', {
        hint: 'Name the database by DATABASE_URL or database.url.',
      });
    }
    const { connectPostgres } = await import('#core/store/postgres.ts');
    const db = connectPostgres({ url: database.url, applicationName: 'signpost alerts' });
    return useStore(db, config, needs, use);
  }
  const { directory } = at;
  if (!existsSync(storeDirectory(directory))) {
    throw new SignpostError('no-alerts', `Nothing has run on the data directory ${directory}`, {
      hint: 'Name the one that Signpost works on with --data; `signpost up` makes alerts of what it holds.',
    });
  }
  const lock = lockOf(directory, needs.clock());
  if (lock instanceof SignpostError) return use(deskOfWriter(directory, lock, needs));
  try {
    const { openPglite } = await import('#core/store/pglite.ts');
    const db = await openPglite(storeDirectory(directory));
    return await useStore({ ...db, where: directory }, config, needs, use);
  } finally {
    lock.release();
  }
}

/** The refusal when another process writes to the directory. */
function lockOf(directory: string, now: number): WriterLock | SignpostError {
  try {
    makeDirectory(logDirectory(directory), 0o700);
    return lockForWriting(directory, now);
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'log-in-use') return error;
    throw writeRefused(error, directory, 'with --data');
  }
}

function deskOfWriter(
  directory: string,
  inUse: SignpostError,
  { env, fetch, clock }: DeskNeeds,
): AlertDesk {
  const url = intakeOf(directory);
  if (url !== undefined)
    return remoteDesk({
      url,
      key: env['SIGNPOST_KEY']?.trim() ?? '',
      user: operator().name,
      fetch,
      clock,
    });
  throw new SignpostError(inUse.code, `${inUse.message}, which answers no questions`, {
    cause: inUse,
    hint: 'Run it again when that process has ended.',
  });
}

async function useStore<T>(
  db: Db,
  config: Config,
  { clock }: DeskNeeds,
  use: (desk: AlertDesk) => Promise<T>,
): Promise<T> {
  try {
    const { migrate } = await import('#core/store/migrate.ts');
    await migrate(db);
    return await use(await storeDesk(db, config, clock));
  } finally {
    await db.close();
  }
}

/** Who may reach the database sees and does everything. */
function operator(): Reader {
  let name = 'operator';
  try {
    name = userInfo().username;
  } catch {
    // A user without an entry, as in containers.
  }
  return { name, role: 'admin', departments: null, suppressBelow: 0, mayJudge: true };
}

async function storeDesk(db: Db, config: Config, clock: () => number): Promise<AlertDesk> {
  const { createRedactor } = await import('../../normalize/redact.ts');
  const { listAlerts } = await import('../../portal/alerts/list-alerts.ts');
  const { listSilences } = await import('../../portal/alerts/list-silences.ts');
  const { alertsQuestion } = await import('../../portal/alerts/questions.ts');
  const { readAlert } = await import('../../portal/alerts/read-alert.ts');
  const { readSilence } = await import('../../portal/alerts/read-silence.ts');
  const { checkNames } = await import('../../portal/alerts/unknown-names.ts');
  const { alertActions } = await import('../planners/alert-actions.ts');
  const { questionOfList } = await import('./remote-desk.ts');
  const actions = alertActions(db, config);
  const reader = operator();
  const { name: by } = reader;
  const { warmUpDays } = config.alert;
  const show: AlertDesk['show'] = (id) => readAlert(db, reader, id, new Date(clock()));
  const silences = async (over: boolean) =>
    (await listSilences(db, reader, { over }, new Date(clock()))).silences;
  const silenceOf = async (id: string) => (await silences(true)).find((each) => each.id === id);
  return {
    where: db.where,
    list(which, most) {
      const question = alertsQuestion.parse(questionOfList(which, most, clock()));
      return listAlerts(db, reader, question, new Date(clock()), { warmUpDays });
    },
    show,
    acknowledge: (id) => actions.acknowledge(id, { by, at: clock() }),
    silences,
    async silence(body) {
      const at = clock();
      const asked = await readSilence(body, at, show).catch(asError);
      const redact = createRedactor({ region: config.normalize.phoneRegion });
      const comment = redact(asked.comment).text;
      const notices = body.incident === undefined ? await checkNames(db, asked).catch(asError) : [];
      const made = await silenceOf(await actions.addSilence({ ...asked, comment, by }, at));
      return { ...made!, notices };
    },
    async unsilence(id) {
      const done = await actions.endSilence(id, { by, at: clock() });
      return done === 'unknown' ? undefined : silenceOf(id);
    },
  };
}

/** What the HTTP side answers with a status, a command says as an error. */
function asError(error: unknown): never {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (error instanceof SignpostError || typeof code !== 'string') throw error;
  throw new SignpostError(code, String(message), { cause: error });
}
