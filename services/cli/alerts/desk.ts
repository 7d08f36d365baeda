// Where a command reads and acts on alerts: in the database of a cluster, in a data directory nobody writes to, or, asked
// over HTTP, in one that another process writes to. All three answer as the query API does.
import { userInfo } from 'node:os';
import { SignpostError } from '#core/errors.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Acknowledged } from '../../alert/actions.ts';
import type {
  AlertAnswer,
  AlertsAnswer,
  MadeSilence,
  SilenceAnswer,
} from '../../portal/alerts/answers.ts';
import type { AcknowledgeBody, SilenceBody } from '../../portal/alerts/questions.ts';
import type { Reader } from '../../portal/reader.ts';
import type { Config } from '../config.ts';
import { intakeOf } from '../judgements/intake-address.ts';
import { configOf } from '../open-log.ts';
import { withStore } from '../open-store.ts';
import type { LogPlace } from '../options.ts';
import { remoteDesk } from './remote-desk.ts';

export interface AlertDesk {
  /** For messages: a directory, a database without credentials, or the address of a running process. */
  readonly where: string;
  /** The latest first. */
  list(which: 'standing' | 'all', most: number): Promise<AlertsAnswer>;
  /** Null where there is none. */
  show(id: string): Promise<AlertAnswer | null>;
  acknowledge(id: string, body: AcknowledgeBody): Promise<Acknowledged>;
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
  const { place, clock } = needs;
  const config = configOf(place);
  const store = await withStore(
    { place, config, clock, applicationName: 'signpost alerts' },
    async (db) => {
      const { migrate } = await import('#core/store/migrate.ts');
      await migrate(db);
      return use(await storeDesk(db, config, clock));
    },
  );
  switch (store.kind) {
    case 'used':
      return store.value;
    case 'in-use':
      return use(deskOfWriter(store.directory, store.refusal, needs));
    case 'not-configured':
      throw new SignpostError('config-invalid', 'On a cluster alerts are in Postgres', {
        hint: 'Name the database by DATABASE_URL or database.url.',
      });
    case 'not-made':
      throw new SignpostError(
        'no-alerts',
        `Nothing has run on the data directory ${store.directory}`,
        {
          hint: 'Name the one that Signpost works on with --data; `signpost up` makes alerts of what it holds.',
        },
      );
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
  const redact = createRedactor({ region: config.normalize.phoneRegion });
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
    acknowledge: (id, { comment }) =>
      actions.acknowledge(id, {
        by,
        at: clock(),
        comment: comment === undefined ? undefined : redact(comment).text,
      }),
    silences,
    async silence(body) {
      const at = clock();
      const asked = await readSilence(body, at, show).catch(asError);
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
