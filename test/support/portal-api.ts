// The query API as a program asks it: by address and key, every page of an answer, and the live feed as it comes.

export interface Asking {
  readonly url: string;
  /** Token; absent for somebody without a key. */
  readonly key?: string | undefined;
}

export interface Asked {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** @param path with its query */
export async function ask(
  { url, key }: Asking,
  path: string,
  accept = 'application/json',
): Promise<Asked> {
  const response = await fetch(new URL(path, url), { headers: { accept, ...bearer(key) } });
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, text: await response.text() };
}

/** @throws Error where the answer is not 200. */
export async function answer<T>(asking: Asking, path: string): Promise<T> {
  const { status, text } = await ask(asking, path);
  if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as T;
}

/** Entries of all pages, following `next`; at most 50 pages. */
export async function everyPage<T>(asking: Asking, path: string, entries: string): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 50; page += 1) {
    const asked = new URL(path, asking.url);
    if (cursor !== null) asked.searchParams.set('cursor', cursor);
    const got = await answer<Record<string, unknown>>(asking, asked.pathname + asked.search);
    all.push(...(got[entries] as T[]));
    cursor = got['next'] as string | null;
    if (cursor === null) return all;
  }
  throw new Error(`GET ${path} has no last page`);
}

export interface HeardEvent {
  readonly event: string;
  readonly data: unknown;
}

/** Listens to server-sent events (html.spec.whatwg.org, 9.2) from now on. Resolves once the server has answered. */
export async function listen({ url, key }: Asking, path: string) {
  const abort = new AbortController();
  const response = await fetch(new URL(path, url), {
    headers: { accept: 'text/event-stream', ...bearer(key) },
    signal: abort.signal,
  });
  const heard: HeardEvent[] = [];
  const over = take(response, heard).catch(() => {});
  return {
    status: response.status,
    /** What was heard so far. */
    heard: heard as readonly HeardEvent[],
    async end() {
      abort.abort();
      await over;
    },
  };
}

async function take(response: Response, heard: HeardEvent[]): Promise<void> {
  let rest = '';
  for await (const text of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const field = (name: string): string =>
        block
          .split('\n')
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2))
          .join('\n');
      const data = field('data');
      if (data !== '') heard.push({ event: field('event'), data: JSON.parse(data) as unknown });
    }
  }
}

/** Headers that carry a key; none without one. */
export function bearer(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}
