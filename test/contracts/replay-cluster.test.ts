// The way back from the archive on a real Kafka, Postgres and S3: topics that were deleted and made anew come back as they
// were and are routed again, and what planners count comes back into a database that lost it.
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { OutgoingRecord, ReceivedRecord } from '#core/log/port.ts';
import { header, toOutgoing } from '#core/topic.ts';
import type { Judgement } from '#schemas/judgement.ts';
import {
  insightsJudged,
  insightsShared,
  recordsDropped,
  recordsRejected,
} from '../../services/topology.ts';
import { createClusterWorld, type ClusterWorld } from '../support/cluster-world.ts';
import type { Running } from '../support/command.ts';
import { writeTickets } from '../support/ticket-lines.ts';
import { readAll } from './log.contract.ts';

const dayMs = 86_400_000;
const source = 'lost-tickets';
const tickets = 1_500;
const more = 40;
let world: ClusterWorld;
const held = new Map<string, readonly ReceivedRecord[]>();
let books: Books;
let facts: readonly Fact[];

interface Totals {
  readonly accepted: number;
  readonly insights: number;
  readonly dropped: number;
  readonly rejected: number;
}
interface Books {
  readonly balanced: boolean;
  readonly restored: number;
  readonly pending: number;
  readonly sources: Readonly<Record<string, Totals>>;
}
interface Restored {
  readonly topic: string;
  readonly records: number;
  readonly expired: number;
}
interface Replayed {
  readonly restored: readonly Restored[];
  readonly fresh: { readonly topic: string; readonly records: number } | null;
}
type Synced = Readonly<{ datasets: Readonly<Record<string, { readonly rows: number }>> }>;
interface Sight {
  readonly topics: readonly { readonly topic: string; readonly records: number }[];
}
/** A row of what planners count. */
interface Fact {
  readonly thing: string;
}

const streams = ['operations', 'planning', 'marketing', 'unsure'].map((of) => `insights.${of}.v1`);
const restored = [insightsShared, insightsJudged, recordsRejected, recordsDropped].map(
  ({ name }) => name,
);

beforeAll(async () => {
  world = await createClusterWorld();
  const { command, json, log } = world;
  const running = await world.services('normalize', 'classify', 'publish', 'aggregate');
  await imported(0, tickets);
  books = await json<Books>('reconcile', '--wait', '60');
  await counted();
  await end(running);
  // Kafka is told to keep words for less than 29 days, so that its segments are gone by the 30th.
  await log.append([40, 29.5, 28, 1].map((days) => judged(Date.now() - days * dayMs)));
  await command('archive', 'sync');
  for (const name of [...restored, ...streams]) held.set(name, await readAll(log, name));
  facts = await factsNow();
  await world.loseTopics();
  await command('topics', 'apply');
}, 120_000);
afterAll(async () => {
  await world?.close();
});

const patient = { timeout: 120_000 };

describe('topics that were deleted and made anew', () => {
  it(
    'come back with records, keys, headers and order, but for what the broker would delete',
    patient,
    async () => {
      const { json, log } = world;
      expect(books).toMatchObject({ balanced: true, restored: 0 });
      const asked = await json<Replayed>('archive', 'replay', '--into', 'insights', '--dry-run');
      const done = await json<Replayed>('archive', 'replay', '--into', 'insights');
      expect(done).toMatchObject({ way: 'restored', dryRun: false });
      expect(asked.restored).toEqual(done.restored);
      const judgements = done.restored.find(({ topic }) => topic === insightsJudged.name);
      expect(judgements).toMatchObject({ records: 2, expired: 2 });
      for (const name of restored) {
        const keeps = held
          .get(name)!
          .filter(({ timestamp }) => timestamp > Date.now() - 29 * dayMs);
        expect((await readAll(log, name)).map(plain)).toEqual(keeps.map(asRestored));
      }
    },
  );

  it(
    'are routed again, with what comes then, and the books are as they were',
    patient,
    async () => {
      const running = await world.services('normalize', 'classify', 'publish');
      const back = await world.json<Books>('reconcile', '--wait', '60');
      expect(back).toMatchObject({ balanced: true, restored: tickets, pending: 0 });
      expect(back.sources).toEqual(books.sources);
      for (const name of streams) {
        const ids = (records: readonly ReceivedRecord[]): string[] =>
          records.map(({ partition, headers }) => `${partition} ${headers['ce_id']}`).toSorted();
        expect(ids(await readAll(world.log, name))).toEqual(ids(held.get(name)!));
      }
      await imported(1, more);
      const later = await world.json<Books>('reconcile', '--wait', '60');
      expect(later).toMatchObject({ balanced: true, restored: tickets });
      expect(later.sources[source]!.accepted).toBe(tickets + more);
      await end(running);
    },
  );

  it('are archived from where they came back, and nothing twice', patient, async () => {
    const { json } = world;
    const synced = await json<Synced>('archive', 'sync');
    const {
      insights = { rows: 0 },
      dropped = { rows: 0 },
      rejected = { rows: 0 },
    } = synced.datasets;
    expect(insights.rows + dropped.rows + rejected.rows).toBe(more);
    expect(await json('archive', 'verify')).toMatchObject({ proven: true });
  });
});

it(
  'what planners count comes back, and the stage goes on where the topic made anew ends',
  patient,
  async () => {
    const { db, json, log } = world;
    await sql`TRUNCATE signpost.signals, signpost.words`.execute(db.query);
    // The stage stood far behind where the topic made anew ends.
    await sql`UPDATE signpost.projections SET next_offset = next_offset + 1000`.execute(db.query);
    await json('archive', 'replay', '--into', 'aggregates');
    const ends = new Map(
      (await log.topics()).flatMap(({ name, partitions }) =>
        partitions.map(({ partition, end: to }) => [`${name}/${partition}`, to] as const),
      ),
    );
    const stands = await db.query.selectFrom('signpost.projections').selectAll().execute();
    for (const { topic, partition, next_offset: at } of stands)
      expect(Number(at)).toBeLessThanOrEqual(ends.get(`${topic}/${partition}`)!);
    const now = await factsNow();
    const keys = (await readAll(log, insightsShared.name)).map(({ key }) => key);
    expect(now.length).toBe(new Set(keys).size);
    const before = new Set(facts.map(({ thing }) => thing));
    expect(now.filter(({ thing }) => before.has(thing))).toEqual(facts);
  },
);

describe('where nothing is lost', () => {
  it(
    'insights judged anew are on a topic of their own, where an erasure finds them',
    patient,
    async () => {
      const { json, log } = world;
      const { fresh, restored: none } = await json<Replayed>(
        'archive',
        'replay',
        '--into',
        'insights',
        '--model',
        'shipped',
      );
      expect(none).toEqual([]);
      const written = await readAll(log, fresh!.topic);
      expect(written.length).toBe(fresh!.records);
      const insights = written.map(({ value }) => insightsShared.codec.decode(value!));
      const kept = held.get(insightsShared.name)!.map(({ headers }) => headers['ce_id']);
      expect(insights.map(({ id }) => id)).toEqual(expect.arrayContaining(kept));
      const customer = insights.find(({ signal }) => signal.customer !== null)!.signal.customer!;
      const said = insights.filter(({ signal }) => signal.customer === customer).length;
      const { topics } = await json<Sight>('erase', '--customer', customer, '--dry-run');
      expect(topics.find(({ topic }) => topic === fresh!.topic)).toMatchObject({ records: said });
    },
  );
});

function plain({ topic, partition, key, value, headers, timestamp }: ReceivedRecord) {
  return {
    topic,
    partition,
    key,
    value: value && Buffer.from(value).toString('hex'),
    headers,
    timestamp,
  };
}

/** Marked for the archive to pass it over, and with the place that it stems from on a topic that is no more. */
function asRestored({ headers, ...rest }: ReceivedRecord) {
  const origin = headers[header.origin];
  return plain({
    ...rest,
    headers: {
      ...headers,
      ...(origin !== undefined && { [header.origin]: origin.replace('.v1/', '.v1(1)/') }),
      [header.carried]: 'archive',
    },
  });
}

async function end(running: Running): Promise<void> {
  running.child.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
}

async function factsNow(): Promise<readonly Fact[]> {
  const { rows } = await sql<{ readonly row: Fact }>`
    SELECT to_jsonb(s) AS row FROM signpost_views.signals s ORDER BY thing`.execute(world.db.query);
  return rows.map(({ row }) => row);
}

/** Until the projection has all that is on the topic. */
async function counted(): Promise<void> {
  const last = new Map<number, number>();
  for (const { partition, offset } of await readAll(world.log, insightsShared.name))
    last.set(partition, offset);
  await vi.waitUntil(
    async () => {
      const at = await world.db.query
        .selectFrom('signpost.projections')
        .selectAll()
        .where('stage', '=', 'aggregate')
        .where('topic', '=', insightsShared.name)
        .execute();
      const offsets = new Map(at.map((row) => [row.partition, Number(row.next_offset)]));
      return [...last].every(([partition, offset]) => (offsets.get(partition) ?? 0) > offset);
    },
    { timeout: 60_000, interval: 200 },
  );
}

async function imported(part: number, lines: number): Promise<void> {
  const { file, mapping } = writeTickets(world.directory, { source, part, lines });
  await world.command('import', 'tickets', file, '--mapping', mapping);
}

let judgements = 0;
function judged(timestamp: number): OutgoingRecord {
  judgements += 1;
  const record: Judgement = {
    id: `j-${judgements}`,
    insightId: `${source}/1`,
    department: 'planning',
    verdict: 'right',
    theme: null,
    comment: null,
    judgedBy: 'reader',
    judgedAt: timestamp,
    model: 'rules-1',
  };
  return toOutgoing(insightsJudged, record, { timestamp });
}
