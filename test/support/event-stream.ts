// Reads server-sent events of a real connection, as the specification parses them.
export interface HeardEvent {
  readonly event: string;
  readonly id: string;
  readonly data: unknown;
}

export interface Hearing {
  readonly status: number;
  readonly headers: Headers;
  /** All that was heard so far, in order. */
  readonly events: readonly HeardEvent[];
  /** Resolves when the server ended it, or `stop` was called. */
  readonly ended: Promise<void>;
  /** Waits until `isThere` holds of what was heard. */
  until(isThere: (events: readonly HeardEvent[]) => boolean, what: string): Promise<void>;
  stop(): Promise<void>;
}

export async function hear(url: string, headers: Record<string, string> = {}): Promise<Hearing> {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  const events: HeardEvent[] = [];
  const waiting = new Set<() => void>();
  const ended = read(response, events, () => waiting.forEach((look) => look()));
  return {
    status: response.status,
    headers: response.headers,
    events,
    ended,
    until: (isThere, what) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`Waited in vain for ${what}; heard ${events.length} events`));
        }, 30_000);
        const look = (): void => {
          if (!isThere(events)) return;
          clearTimeout(late);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async stop() {
      controller.abort();
      await ended;
    },
  };
}

async function read(response: Response, events: HeardEvent[], onEvent: () => void): Promise<void> {
  let rest = '';
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop()!;
      for (const block of blocks) events.push(parsed(block));
      if (blocks.length > 0) onEvent();
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
  }
}

function parsed(block: string): HeardEvent {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const [name = '', ...value] = line.split(': ');
    if (fields.has(name)) throw new Error(`A field twice in one event: ${block}`);
    fields.set(name, value.join(': '));
  }
  return {
    event: fields.get('event') ?? 'message',
    id: fields.get('id') ?? '',
    data: JSON.parse(fields.get('data') ?? 'null'),
  };
}
