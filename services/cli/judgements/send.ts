// The way of a judgement to the log: written by this process where it may, else by the one that writes to the directory.
import { SignpostError } from '#core/errors.ts';
import type { OutgoingRecord } from '#core/log/port.ts';
import { announceSchemas } from '#core/registry/announced.ts';
import { insightsJudged, schemasAnnounced, topicsFor } from '../../topology.ts';
import type { Config } from '../config.ts';
import { openCluster, type LogAt } from '../open-log.ts';
import { intakeOf } from './intake-address.ts';

export interface Sending {
  readonly at: LogAt;
  readonly config: Config;
  /** As it is written. */
  readonly outgoing: OutgoingRecord;
  /** The same as it is sent over HTTP. */
  readonly input: Readonly<Record<string, unknown>>;
  readonly env: NodeJS.ProcessEnv;
  readonly fetch: typeof globalThis.fetch;
}

/** @returns where it was written: a directory, a cluster or the address of an intake. @throws SignpostError. */
export async function send(sending: Sending): Promise<string> {
  const { at, config, outgoing } = sending;
  if (at.kind === 'kafka') {
    const log = await openCluster(at.settings, config);
    try {
      await log.append([outgoing]);
    } finally {
      await log.close();
    }
    return at.settings.brokers.join(', ');
  }
  const inUse = await write(at.directory, config, outgoing);
  return inUse === undefined ? at.directory : post(at.directory, inUse, sending);
}

/** @returns the refusal when another process writes to the directory. */
async function write(
  directory: string,
  { retention }: Config,
  outgoing: OutgoingRecord,
): Promise<SignpostError | undefined> {
  const { openEmbeddedLog } = await import('#core/log/embedded/open.ts');
  let log;
  try {
    log = await openEmbeddedLog({ directory });
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'log-in-use') return error;
    throw error;
  }
  try {
    // A directory of an earlier release has no such topic yet.
    const own = topicsFor([], retention).filter(({ name }) => name === insightsJudged.name);
    await log.ensureTopics([...own, schemasAnnounced]);
    await announceSchemas(log, schemasAnnounced.name, Date.now);
    await log.append([outgoing]);
  } finally {
    await log.close();
  }
  return undefined;
}

const answerWithinMs = 10_000;

async function post(
  directory: string,
  inUse: SignpostError,
  { input, env, fetch }: Sending,
): Promise<string> {
  const url = intakeOf(directory);
  if (url === undefined) {
    throw new SignpostError(inUse.code, `${inUse.message}, which takes in no judgements`, {
      cause: inUse,
      hint: 'Run it again when that process has ended.',
    });
  }
  const key = env['SIGNPOST_KEY']?.trim();
  let response: Response;
  try {
    response = await fetch(`${url}/v1/judgements`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key ? { authorization: `Bearer ${key}` } : {}),
      },
      body: JSON.stringify(input),
      signal: AbortSignal.timeout(answerWithinMs),
    });
  } catch (cause) {
    throw new SignpostError(
      inUse.code,
      `${inUse.message}, whose intake at ${url} does not answer`,
      {
        cause,
        hint: 'Run it again; or when that process has ended.',
      },
    );
  }
  if (response.status !== 202) throw await refusal(response, url);
  return url;
}

async function refusal(response: Response, url: string): Promise<SignpostError> {
  const body = (await response.json().catch(() => null)) as {
    readonly error?: { readonly code?: unknown; readonly message?: unknown };
  } | null;
  const code = typeof body?.error?.code === 'string' ? body.error.code : 'not-taken-in';
  const message =
    typeof body?.error?.message === 'string'
      ? body.error.message
      : `It answered ${response.status}.`;
  const hint =
    response.status === 401 || response.status === 403
      ? 'Set SIGNPOST_KEY to a key for judgements: `signpost keys create --source NAME --kinds judgements` makes one.'
      : response.status === 503
        ? 'Nothing was stored. Run it again in a while.'
        : undefined;
  return new SignpostError(
    code,
    `The intake at ${url} did not take the judgement: ${message}`,
    hint === undefined ? {} : { hint },
  );
}
