// The rollout plan that a command works on: in the database of a cluster, in a data directory nobody writes to, or in
// one that another process writes to, which is asked over HTTP.
import { accessSync, constants, statSync } from 'node:fs';
import { SignpostError } from '#core/errors.ts';
import type { Db } from '#core/store/postgres.ts';
import type { Replacement } from '../../portal/waves/change.ts';
import type { PlannedArea } from '../../portal/waves/plan.ts';
import type { WavesImport } from '../../portal/waves/store-waves.ts';
import { intakeOf } from '../judgements/intake-address.ts';
import { configOf, logAt } from '../open-log.ts';
import { withStore } from '../open-store.ts';
import type { LogPlace } from '../options.ts';
import { remotePlan } from './remote-plan.ts';

export interface PlanImport {
  readonly bytes: Uint8Array;
  readonly replace: Replacement;
  readonly dryRun: boolean;
}

export interface RolloutPlan {
  /** For messages: a directory, a database without credentials, or the address of a running process. */
  readonly where: string;
  import(plan: PlanImport): Promise<WavesImport>;
  list(): Promise<readonly PlannedArea[]>;
  /** How many lines are gone; 0 when there is no such wave. */
  remove(wave: string): Promise<number>;
}

export interface PlanNeeds {
  readonly place: LogPlace;
  /** Whether a store that is not there is made; without one the plan is empty. */
  readonly mayMake: boolean;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly env: NodeJS.ProcessEnv;
  readonly fetch: typeof globalThis.fetch;
}

/** Runs `use` on the plan and lets go of it. @throws SignpostError, also where there is no data directory. */
export async function withPlan<T>(
  needs: PlanNeeds,
  use: (plan: RolloutPlan) => Promise<T>,
): Promise<T> {
  const { place, clock } = needs;
  const config = configOf(place);
  const at = logAt(place, () => config);
  if (at.kind !== 'kafka') requireDirectory(at.directory);
  // One that runs makes its database, if it has not yet.
  const mayMake = needs.mayMake || (at.kind !== 'kafka' && intakeOf(at.directory) !== undefined);
  const store = await withStore(
    { place, config, clock, mayMake, applicationName: 'signpost waves' },
    (db) => useStore(db, clock, use),
  );
  switch (store.kind) {
    case 'used':
      return store.value;
    case 'in-use':
      return use(planOfWriter(store.directory, store.refusal, needs));
    case 'not-made':
      return use(emptyPlan(store.directory));
    case 'not-configured':
      throw new SignpostError('config-invalid', 'On a cluster the rollout plan is in Postgres', {
        hint: 'Name the database by DATABASE_URL or database.url.',
      });
  }
}

/** A mistyped --data is no empty plan, and no place to begin one: nobody would look for it there. */
function requireDirectory(directory: string): void {
  const refuse = (what: string, hint: string, cause?: unknown): SignpostError =>
    new SignpostError('data-unreadable', what, { hint, ...(cause !== undefined && { cause }) });
  try {
    if (!statSync(directory).isDirectory())
      throw refuse(`${directory} is a file, not a data directory`, 'Name a directory with --data.');
    accessSync(directory, constants.R_OK | constants.X_OK);
  } catch (cause) {
    if (cause instanceof SignpostError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw code === 'ENOENT' || code === 'ENOTDIR'
      ? refuse(
          `There is no data directory ${directory}`,
          'Name the one that Signpost works on with --data; `signpost up` or `signpost import` makes it.',
          cause,
        )
      : refuse(
          `The data directory ${directory} cannot be read (${code ?? 'unknown'})`,
          'Run it as a user who may read it, or name another one with --data.',
          cause,
        );
  }
}

function planOfWriter(
  directory: string,
  inUse: SignpostError,
  { env, fetch }: PlanNeeds,
): RolloutPlan {
  const url = intakeOf(directory);
  if (url !== undefined) return remotePlan({ url, key: env['SIGNPOST_KEY']?.trim() ?? '', fetch });
  throw new SignpostError(inUse.code, `${inUse.message}, which takes in no rollout plan`, {
    cause: inUse,
    hint: 'Run it again when that process has ended.',
  });
}

async function useStore<T>(
  db: Db,
  clock: () => number,
  use: (plan: RolloutPlan) => Promise<T>,
): Promise<T> {
  const { migrate } = await import('#core/store/migrate.ts');
  const { importWaves, listWaves, removeWave } = await import('../../portal/waves/store-waves.ts');
  await migrate(db);
  return use({
    where: db.where,
    import: ({ bytes, replace, dryRun }) =>
      importWaves(db, bytes, { replace, dryRun, now: clock() }),
    list: () => listWaves(db),
    remove: (wave) => removeWave(db, wave),
  });
}

function emptyPlan(where: string): RolloutPlan {
  return {
    where,
    import: () => Promise.reject(new Error('A plan that must not be made cannot be imported to')),
    list: () => Promise.resolve([]),
    remove: () => Promise.resolve(0),
  };
}
