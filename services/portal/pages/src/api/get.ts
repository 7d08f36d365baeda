// Questions to the query API of this server. What goes wrong is a value: nothing here throws but an abort.

/** What went wrong, in words for the reader. */
export interface Problem {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** The parameter that is wrong. */
  readonly field?: string;
}

export type Answered<T> =
  | { readonly ok: true; readonly answer: T }
  | { readonly ok: false; readonly problem: Problem };

export type Params = Readonly<Record<string, string | number | readonly string[] | undefined>>;

/** Joined by commas; a comma of a value stands after a backslash, as the API reads lists. */
export function listText(values: readonly string[]): string {
  return values.map((value) => value.replaceAll(',', '\\,')).join(',');
}

export function listIn(text: string | null): readonly string[] {
  return (text ?? '')
    .split(/(?<!\\),/)
    .map((value) => value.replaceAll('\\,', ','))
    .filter(Boolean);
}

/** The address of a question: lists joined by commas, what is undefined or empty left out. */
export function addressOf(path: string, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    const text = typeof value === 'object' ? listText(value) : String(value ?? '');
    if (text !== '') query.set(name, text);
  }
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** @throws DOMException `AbortError` when `signal` aborts. */
export async function get<T>(address: string, signal?: AbortSignal): Promise<Answered<T>> {
  return send<T>(address, { ...(signal && { signal }) });
}

/** Goes through even when the page is left meanwhile. */
export async function post<T>(path: string, body: unknown): Promise<Answered<T>> {
  return send<T>(path, {
    method: 'POST',
    keepalive: true,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

export function remove<T>(path: string): Promise<Answered<T>> {
  return send<T>(path, { method: 'DELETE' });
}

async function send<T>(address: string, init: Asking): Promise<Answered<T>> {
  let response: Response;
  try {
    response = await fetch(address, {
      ...init,
      credentials: 'same-origin',
      headers: { accept: 'application/json', ...init.headers },
    });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    return { ok: false, problem: unreachable };
  }
  const body: unknown = await response.json().catch(() => {
    init.signal?.throwIfAborted();
    return undefined;
  });
  if (!response.ok) return { ok: false, problem: problemIn(body, response.status) };
  // The server's answers are of its own schema; an old page of an old release is told to load anew by the reader.
  return { ok: true, answer: body as T };
}

type Asking = Omit<RequestInit, 'headers'> & { headers?: Readonly<Record<string, string>> };

export const unreachable: Problem = {
  status: 0,
  code: 'unreachable',
  message: 'The server did not answer.',
  hint: 'Is signpost still running? What you see is from before.',
};

/** What an answer that is none says. */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => undefined);
  return problemIn(body, response.status);
}

/** The server's errors are `{error: {code, message, hint?, field?}}`; a proxy between may say anything. */
function problemIn(body: unknown, status: number): Problem {
  const error = isObject(body) ? body['error'] : undefined;
  if (
    isObject(error) &&
    typeof error['code'] === 'string' &&
    typeof error['message'] === 'string'
  ) {
    const { code, message, hint, field } = error;
    return {
      status,
      code,
      message,
      ...(typeof hint === 'string' && { hint }),
      ...(typeof field === 'string' && { field }),
    };
  }
  return { status, code: 'unknown', message: `The server answered with status ${status}.` };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
