// A client of the Confluent Schema Registry API, as Confluent's own, Karapace and Apicurio (/apis/ccompat/v7) speak it.
// It waits for a registry that is away; what the registry refuses is said in its own words. Credentials are in no error
// and no log.
import { SignpostError } from '../errors.ts';
import type { Logger } from '../logger.ts';

export interface RegistrySettings {
  /** Without credentials; may end in a path. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

export interface RegistryClientOptions {
  readonly settings: RegistrySettings;
  readonly fetch: typeof globalThis.fetch;
  /** Waits, or returns early when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** What the registry said, once it said anything: 2xx, or an error that asking again does not change. */
export interface RegistryAnswer {
  readonly status: number;
  /** The answer's JSON; null when it was none. */
  readonly body: unknown;
  /** 0 when the answer names none. */
  readonly errorCode: number;
  readonly message: string;
}

export interface RegistryClient {
  /**
   * Asks until there is an answer, with growing pauses; `patience` limits how often.
   * @param path below the registry's address, without a slash before it
   * @throws SignpostError `registry-away` when patience or the signal ends it, `registry-refused` for 401 and 403.
   */
  ask(
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    patience?: number,
  ): Promise<RegistryAnswer>;
  /** Waits, or returns early when the client's signal aborts. */
  pause(ms: number): Promise<void>;
  /** The address, for messages. */
  readonly name: string;
}

const timeoutMs = 10_000;
const mostAnswerBytes = 1024 * 1024;
const pauseMs = { first: 250, most: 10_000 };
const contentType = 'application/vnd.schemaregistry.v1+json';

/**
 * The registry that `url` and the environment name; undefined when neither names one. `SCHEMA_REGISTRY_URL`,
 * `SCHEMA_REGISTRY_USERNAME` and `SCHEMA_REGISTRY_PASSWORD` win; credentials may stand in the URL instead.
 * @throws SignpostError `config-invalid`.
 */
export function readRegistrySettings(
  url: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): RegistrySettings | undefined {
  const text = env['SCHEMA_REGISTRY_URL'] || url;
  if (text === undefined || text === '') return undefined;
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    // The value is not repeated: it may hold a password.
    throw new SignpostError('config-invalid', 'The address of the schema registry is not valid', {
      hint: 'It must be one http or https URL: set SCHEMA_REGISTRY_URL or schemaRegistry.url.',
    });
  }
  const username = env['SCHEMA_REGISTRY_USERNAME'] || decodeURIComponent(parsed.username);
  const password = env['SCHEMA_REGISTRY_PASSWORD'] || decodeURIComponent(parsed.password);
  parsed.username = '';
  parsed.password = '';
  parsed.search = '';
  parsed.hash = '';
  return {
    url: parsed.href.replace(/\/$/, ''),
    ...(username === '' ? {} : { username, password }),
  };
}

export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { settings, logger, sleep, signal } = options;
  const away = (why: string, cause?: unknown): SignpostError =>
    new SignpostError('registry-away', `The schema registry at ${settings.url} ${why}`, {
      ...(cause === undefined ? {} : { cause }),
      hint: 'Is it running, and is SCHEMA_REGISTRY_URL its address?',
    });

  async function once(method: string, path: string, body: unknown): Promise<RegistryAnswer> {
    let response: Response;
    let text: string;
    try {
      response = await options.fetch(`${settings.url}/${path}`, {
        method,
        headers: {
          accept: `${contentType}, application/json;q=0.9`,
          ...(body === undefined ? {} : { 'content-type': contentType }),
          ...authorization(settings),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A password must not follow to where a redirect points.
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      text = await bounded(response);
    } catch (cause) {
      throw away('does not answer', cause);
    }
    const { status } = response;
    if (status >= 500 || status === 429 || status === 408) throw away(`answers ${status}`);
    const answer = { status, ...readAnswer(text) };
    if (status !== 401 && status !== 403) return answer;
    throw new SignpostError(
      'registry-refused',
      `The schema registry at ${settings.url} refuses this user (${status})`,
      { hint: 'Set SCHEMA_REGISTRY_USERNAME and SCHEMA_REGISTRY_PASSWORD to one who may read.' },
    );
  }

  return {
    name: settings.url,
    pause: (ms) => sleep(ms, signal),
    async ask(method, path, body, patience = Infinity) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await once(method, path, body);
        } catch (error) {
          const again =
            error instanceof SignpostError && error.code === 'registry-away' && !signal.aborted;
          if (!again || attempt >= patience) throw error;
          const wait = Math.min(pauseMs.most, pauseMs.first * 2 ** Math.min(attempt - 1, 20));
          logger.warn({ code: error.code, pauseMs: wait }, `${error.message}; trying again`);
          await sleep(wait, signal);
        }
      }
    },
  };
}

/** For an answer in no registry's words: each error of one has an `error_code`. */
export function noRegistry({ name }: RegistryClient, { status }: RegistryAnswer): SignpostError {
  return new SignpostError(
    'no-registry',
    `What answers at ${name} (${status}) is no schema registry`,
    {
      hint: 'Is SCHEMA_REGISTRY_URL its address, the path included? Apicurio is one at /apis/ccompat/v7.',
    },
  );
}

function authorization({ username, password = '' }: RegistrySettings): Record<string, string> {
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

/** The answer's text; none when it is longer than any schema that could be used. */
async function bounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).length;
    if (size > mostAnswerBytes) return '';
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString();
}

function readAnswer(text: string): Omit<RegistryAnswer, 'status'> {
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's page, or nothing; the status says enough.
  }
  const error = (body ?? {}) as { readonly error_code?: unknown; readonly message?: unknown };
  return {
    body,
    errorCode: typeof error.error_code === 'number' ? error.error_code : 0,
    message: typeof error.message === 'string' ? error.message.slice(0, 500) : '',
  };
}
