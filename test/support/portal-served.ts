// A running Signpost with its pages, for tests of them: `signpost up` on a directory of its own, fed through its intake
// with a small provider's records, and asked what its log holds, to be compared with what pages and API say.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Insight } from '#schemas/insight.ts';
import { createApiKey } from '#core/http/api-key-changes.ts';
import type { KeyKind, KeyReads } from '#core/http/keys-file.ts';
import type { Role } from '#core/http/roles.ts';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import { toOutgoing } from '#core/topic.ts';
import { insightsOf, insightsShared, topicsFor } from '../../services/topology.ts';
import type { AggregatesAnswer } from '../../services/portal/api/answers.ts';
import { decodeValue } from '../../services/cli/decode-value.ts';
import { readRange } from '../../services/cli/read-range.ts';
import { start, type Running } from './command.ts';
import { answer, ask, bearer, type Asking } from './portal-api.ts';
import { gazetteer, records, waves, type InputRecord } from './portal-data.ts';
import { hostileInsights, hostilePlaces, hostileRecords, hostileWaves } from './portal-hostile.ts';

export interface ReaderKey {
  readonly role: Role;
  /** Null for all. */
  readonly departments: readonly string[] | null;
}

export interface PortalOptions {
  /** `provider`: the records of `portal-data.ts`; `hostile`: those of `portal-hostile.ts` beside; `none`: nothing. */
  readonly holds: 'provider' | 'hostile' | 'none';
  /** Keys for readers by their names: with the first of them the server is closed to everybody without a key. */
  readonly keys?: Readonly<Record<string, ReaderKey>>;
}

export interface Portal {
  readonly url: string;
  /** Milliseconds since the epoch: what the records' times count from. */
  readonly now: number;
  /** Tokens by the names of `keys`. */
  readonly keys: Readonly<Record<string, string>>;
  /**
   * Sends records as a source would, and waits until the pages' store has what became of them. Each is about a ticket,
   * post or answer of its own.
   */
  send(kind: 'tickets' | 'posts' | 'surveys', records: readonly InputRecord[]): Promise<void>;
  /** Every record of a stream, `shared`, `judged` or a department, as the log has it. */
  stream<T = Insight>(name: string): Promise<readonly T[]>;
  /** Ends the server as a loss of power does; `start` begins it again with the same address. */
  kill(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export const departments = [
  'operations',
  'planning',
  'marketing',
  'customer-service',
  'billing',
  'it',
] as const;

/** Name of the key that sends. */
export const sender = 'helpdesk';
const watcher = 'watcher';

/** Ready when every record sent is in the store that the pages read. */
export async function startPortal({ holds, keys = {} }: PortalOptions): Promise<Portal> {
  const dir = await mkdtemp(join(tmpdir(), 'signpost-portal-'));
  const data = join(dir, 'data');
  const config = join(dir, 'signpost.yaml');
  const now = Date.now();
  const isHostile = holds === 'hostile';
  const env = { ...process.env, SIGNPOST_KEY: '' };
  let up: Running | undefined;
  let url = '';
  async function begin(): Promise<void> {
    const port = url === '' ? '0' : new URL(url).port;
    up = start(['up', '--data', data, '--config', config, '--port', port], { cwd: dir, env });
    const [, address] = await up.says(/(http:\/\/127\.0\.0\.1:\d+)/);
    url = address!;
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    up?.child.kill(signal);
    await up?.ended;
    up = undefined;
  }

  try {
    await writeFile(config, 'normalize:\n  gazetteer: places.csv\n');
    await writeFile(join(dir, 'places.csv'), gazetteer(isHostile ? hostilePlaces : []));
    const foreign = isHostile ? hostileInsights(now, 'planning') : [];
    if (isHostile) await appendInsights(data, foreign, 'planning');
    const tokens = Object.keys(keys).length === 0 ? {} : await makeKeys(data, keys);
    await begin();
    await untilAnswered({ url, key: tokens[watcher] });
    if (holds !== 'none') {
      const day = new Date(now + 90 * 86_400_000).toISOString().slice(0, 10);
      const plan = waves(now, isHostile ? hostileWaves(day) : []);
      await sendPlan(`${url}/v1/waves`, plan, tokens[watcher]);
    }
    let entities = foreign.length;

    const portal: Portal = {
      get url() {
        return url;
      },
      now,
      keys: tokens,
      async send(kind, said) {
        if (said.length === 0) return;
        await post(`${url}/v1/${kind}`, said, tokens[sender]);
        entities += said.length;
        await untilProjected({ url, key: tokens[watcher] }, entities);
      },
      stream: <T>(name: string) => readStream<T>(data, name),
      kill: () => end('SIGKILL'),
      async start() {
        await begin();
        await untilAnswered({ url, key: tokens[watcher] });
      },
      async close() {
        await end('SIGTERM');
        await rm(dir, { recursive: true, force: true });
      },
    };
    if (holds !== 'none') {
      const provider = records(now);
      const attack = isHostile ? hostileRecords(now) : { tickets: [], surveys: [] };
      await portal.send('tickets', [...provider.tickets, ...attack.tickets]);
      await portal.send('surveys', [...provider.surveys, ...attack.surveys]);
      await portal.send('posts', provider.posts);
    }
    return portal;
  } catch (error) {
    await end('SIGKILL');
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
}

const patienceMs = 60_000;
/** A range of time that holds everything. */
export const always = 'from=2020-01-01&to=2036-01-01';

/** The database is opened beside the intake, which takes records in before. */
async function untilAnswered(asking: Asking): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const { status, text } = await ask(asking, '/v1/facets');
    if (status === 200) return;
    if (status !== 503 || Date.now() > until)
      throw new Error(`GET /v1/facets answered ${status}: ${text}`);
    await pause(100);
  }
}

/** Every record that is sent is about something of its own, so that their numbers are equal when all is there. */
async function untilProjected(asking: Asking, entities: number): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const { rows } = await answer<AggregatesAnswer>(asking, `/v1/aggregates?${always}`);
    const signals = rows.reduce(
      (sum, { opened, posts, surveyAnswers }) =>
        sum + (opened ?? 0) + (posts ?? 0) + (surveyAnswers ?? 0),
      0,
    );
    if (signals >= entities) return;
    if (Date.now() > until)
      throw new Error(`After ${patienceMs} ms the store holds ${signals} of ${entities} signals`);
    await pause(50);
  }
}

/** One for each name, and two for what this file does itself. */
async function makeKeys(
  directory: string,
  keys: Readonly<Record<string, ReaderKey>>,
): Promise<Record<string, string>> {
  await mkdir(directory, { recursive: true });
  const tokens: Record<string, string> = {};
  const make = async (source: string, kinds: readonly KeyKind[], reads: KeyReads | null) => {
    const made = { source, kinds, reads, clock: Date.now, random: randomBytes };
    tokens[source] = (await createApiKey(directory, made)).token;
  };
  await make(sender, ['tickets', 'posts', 'surveys'], null);
  await make(watcher, [], { role: 'admin', departments: null });
  for (const [name, { role, departments: seen }] of Object.entries(keys))
    await make(name, ['judgements'], { role, departments: seen === null ? null : [...seen] });
  return tokens;
}

async function sendPlan(address: string, plan: string, key: string | undefined): Promise<void> {
  const headers = { 'content-type': 'text/csv', ...bearer(key) };
  const response = await fetch(address, { method: 'POST', headers, body: plan });
  if (response.status !== 200)
    throw new Error(`${address} answered ${response.status}: ${await response.text()}`);
}

async function post(
  address: string,
  said: readonly InputRecord[],
  key: string | undefined,
): Promise<void> {
  const response = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(key) },
    body: JSON.stringify(said),
  });
  const taken = (await response.json()) as { rejected?: readonly unknown[] };
  if (response.status !== 202 || (taken.rejected ?? []).length > 0)
    throw new Error(`${address} answered ${response.status}: ${JSON.stringify(taken)}`);
}

/** All records of a topic's every partition, decoded; the server may go on writing. */
async function readStream<T>(directory: string, name: string): Promise<readonly T[]> {
  const topic = name.includes('.') ? name : `insights.${name}.v1`;
  const log = await openEmbeddedLogReader({ directory });
  try {
    const found = (await log.topics()).find((each) => each.name === topic);
    const values: T[] = [];
    for (const { partition, start: first, end: last } of found?.partitions ?? [])
      for await (const batch of readRange(log, topic, partition, first, last))
        for (const { value } of batch) {
          const decoded = decodeValue(value);
          if (decoded.kind !== 'record') throw new Error(`${topic} holds what is no record`);
          values.push(decoded.value as T);
        }
    return values;
  } finally {
    await log.close();
  }
}

/** Insights on the topics of all insights and of one department, before anything else is there. */
async function appendInsights(
  directory: string,
  insights: readonly Insight[],
  department: string,
): Promise<void> {
  const log = await openEmbeddedLog({ directory });
  try {
    await log.ensureTopics([...topicsFor(departments)]);
    await log.append(
      insights.flatMap((insight) => {
        const way = { timestamp: insight.signal.receivedAt };
        const received = { ...insight, sharedWith: [department] };
        return [
          toOutgoing(insightsShared, insight, way),
          toOutgoing(insightsOf(department), received, way),
        ];
      }),
    );
  } finally {
    await log.close();
  }
}
