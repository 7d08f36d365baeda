// SIGKILL at random moments of a live feed over HTTP: what was answered with 202 is never lost and never counted twice,
// though the sender, as senders do, repeats whatever got no answer.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import { groupOf } from '#core/run-stage.ts';
import { flows, insightsShared, ticketsReported } from '../../services/topology.ts';
import { seeded } from '../support/adversary.ts';
import { endAll, run, start } from '../support/command.ts';
import { auditDirectory } from '../support/oracle.ts';

const KILLS = 25;
const BATCH = 30;
const TICKETS = 150;
const SOURCE = 'live-feed';
const SEED = Number(process.env['SIGNPOST_CHAOS_SEED'] ?? Date.now() % 1_000_000);

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-kill-live-'));
});
afterEach(async () => {
  await endAll();
  rmSync(directory, { recursive: true, force: true });
});

test(
  `a feed survives ${KILLS} kills: what was acknowledged ends once (seed ${SEED})`,
  { timeout: 600_000 },
  async () => {
    const random = seeded(SEED);
    const data = join(directory, 'data');
    const config = join(directory, 'signpost.yaml');
    writeFileSync(config, 'threads: 1\n');
    // Mostly with one thread of stages, whose start is the cheapest; else with as many as usual, that share partitions.
    const threads = (): string[] => (random() < 0.75 ? ['--config', config] : []);
    const sender = createSender(random);
    const sending = sender.run();
    const struck: number[] = [];
    for (let kill = 0; kill < KILLS; kill += 1) {
      const intake = start(['up', '--port', '0', '--data', data, ...threads()]);
      const listening = intake.says(/intake (http:\S+)/).then(([, url]) => sender.moveTo(url!));
      if (random() < 0.2) {
        listening.catch(() => {});
        await pause(random() * 900);
      } else {
        await listening;
        const before = sender.answered;
        const patienceMs = random() < 0.7 ? 1500 : 0;
        for (let waited = 0; sender.answered === before && waited < patienceMs; waited += 5)
          await pause(5);
        await pause(random() * 300);
      }
      intake.child.kill('SIGKILL');
      expect(await intake.ended).toMatchObject({ signal: 'SIGKILL' });
      struck.push(sender.acknowledged.size);
    }
    const last = start(['up', '--port', '0', '--data', data]);
    sender.moveTo((await last.says(/intake (http:\S+)/))[1]!);
    await pause(200);
    sender.stop();
    await sending;
    while ((await lagOf(data)) > 0) await pause(50);
    last.child.kill('SIGTERM');
    expect(await last.ended).toMatchObject({ code: 0 });
    console.log(
      `seed ${SEED}, acknowledged when killed: ${struck.join(' ')}; then ${sender.acknowledged.size}, ${sender.repeated} batches sent again`,
    );
    expect(new Set(struck).size).toBeGreaterThan(KILLS / 3);
    expect(sender.repeated).toBeGreaterThan(0);

    const books = await auditDirectory(data);
    const byId = Map.groupBy(
      books.accepted.values(),
      ({ record }) => `${record.topic} ${record.headers['ce_id']}`,
    );
    expect([...byId.keys()].filter((id) => !sender.sent.has(id))).toEqual([]);
    expect([...sender.acknowledged.keys()].filter((id) => !byId.has(id))).toEqual([]);
    const wrong: string[] = [];
    for (const [id, accepted] of byId) {
      if (accepted.length < (sender.acknowledged.get(id) ?? 0))
        wrong.push(`${id}: accepted only ${accepted.length} times`);
      const became = accepted
        .toSorted((a, b) => a.record.offset - b.record.offset)
        .map(({ outcome }) => outcome.reason ?? outcome.kind);
      const isCompany = sender.company.has(id);
      const later = isCompany
        ? ['company-author']
        : ['duplicate', ...(sender.conflicting.has(id) ? ['id-conflict'] : [])];
      if (
        became[0] !== (isCompany ? 'company-author' : 'insight') ||
        !became.slice(1).every((each) => later.includes(each))
      )
        wrong.push(`${id}: ${became.join()}`);
    }
    const versions = new Map<string, number>();
    for (const { key, value } of books.insights) {
      const { kind, version, revision } = insightsShared.codec.decode(value!).signal;
      if (kind !== 'ticket') continue;
      const before = versions.get(key!) ?? 0;
      if (Number(version) <= before || revision !== Number(version))
        wrong.push(`${key}: ${version} after ${before}`);
      versions.set(key!, Number(version));
    }
    expect(wrong).toEqual([]);
    const reconciled = await run(['reconcile', '--data', data, '--json']);
    expect(JSON.parse(reconciled.stdout)).toMatchObject({
      balanced: true,
      duplicates: 0,
      sources: { [SOURCE]: { accepted: books.accepted.size, insights: books.insights.length } },
    });
    expect(reconciled.code).toBe(0);
  },
);

interface Sender {
  /** Times that each record was acknowledged, by topic and `ce_id`. */
  readonly acknowledged: ReadonlyMap<string, number>;
  readonly sent: ReadonlySet<string>;
  readonly company: ReadonlySet<string>;
  /** Those of which another content was sent, too. */
  readonly conflicting: ReadonlySet<string>;
  /** Batches acknowledged, and batches that were not and were sent again. */
  readonly answered: number;
  readonly repeated: number;
  run(): Promise<void>;
  moveTo(url: string): void;
  stop(): void;
}

/** Sends batch after batch, each until it is acknowledged, wherever the intake is by then. */
function createSender(random: () => number): Sender {
  const acknowledged = new Map<string, number>();
  const sent = new Set<string>();
  const company = new Set<string>();
  const conflicting = new Set<string>();
  let answered = 0;
  let repeated = 0;
  let url: string | undefined;
  const stopped = new AbortController();
  let count = 0;

  const batchOf = (kind: Kind): Item[] =>
    Array.from({ length: BATCH }, () => {
      count += 1;
      const item = itemOf(kind, count);
      sent.add(item.name);
      if (item.body['authorRole'] === 'company') company.add(item.name);
      return item;
    });

  async function send(kind: Kind, batch: readonly Item[]): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      if (attempt > 0) await pause(20);
      try {
        const { status } = await fetch(`${url}/v1/${kind}?source=${SOURCE}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(batch.map(({ body }) => body)),
          signal: AbortSignal.timeout(3000),
        });
        if (status === 202) break;
        if (status !== 503) throw new Error(`The intake answered ${status}`);
      } catch (error) {
        // No answer: it may have been taken in or not.
        if (error instanceof Error && error.message.startsWith('The intake')) throw error;
      }
      repeated += 1;
    }
    answered += 1;
    for (const { name } of batch) acknowledged.set(name, (acknowledged.get(name) ?? 0) + 1);
  }

  return {
    acknowledged,
    sent,
    company,
    conflicting,
    get answered() {
      return answered;
    },
    get repeated() {
      return repeated;
    },
    moveTo: (to) => (url = to),
    stop: () => stopped.abort(),
    async run() {
      while (!stopped.signal.aborted) {
        const kind = kinds[Math.floor(random() * kinds.length)]!;
        const batch = batchOf(kind);
        await send(kind, batch);
        if (random() < 0.1) await send(kind, batch);
        if (random() < 0.1) {
          const other = { ...batch[0]!, body: { ...batch[0]!.body, product: 'said otherwise' } };
          if (!company.has(other.name)) conflicting.add(other.name);
          await send(kind, [other]);
        }
        await pause(10);
      }
    },
  };
}

const kinds = ['tickets', 'posts', 'surveys'] as const;
type Kind = (typeof kinds)[number];

interface Item {
  /** Topic and `ce_id`. */
  readonly name: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const updates = new Map<string, number>();

function itemOf(kind: Kind, n: number): Item {
  const occurredAt = Date.UTC(2026, 2, 1) + n * 1000;
  if (kind === 'tickets') {
    const id = `T${n % TICKETS}`;
    const version = (updates.get(id) ?? 0) + 1;
    updates.set(id, version);
    const body = {
      id,
      version: String(version),
      occurredAt,
      description: `No signal, day ${version}, call 555 0${n}`,
    };
    return { name: `${ticketsReported.name} ${SOURCE}/${id}/${version}`, body };
  }
  if (kind === 'posts') {
    const authorRole = n % 15 === 0 ? 'company' : 'customer';
    return {
      name: `posts.published.v1 ${SOURCE}/P${n}`,
      body: { id: `P${n}`, occurredAt, authorRole, text: `The bill is wrong again, month ${n}` },
    };
  }
  return {
    name: `surveys.answered.v1 ${SOURCE}/S${n}`,
    body: { id: `S${n}`, occurredAt, scale: 'csat', score: 1 + (n % 5) },
  };
}

/** Records that a stage has not read yet. Offsets are read first: when all meet the ends, nothing was in between. */
async function lagOf(data: string): Promise<number> {
  const reader = await openEmbeddedLogReader({ directory: data });
  try {
    const committed = new Map(
      (await reader.committed()).map(({ group, topic, partition, offset }) => [
        `${group} ${topic} ${partition}`,
        offset,
      ]),
    );
    const ends = new Map((await reader.topics()).map(({ name, partitions }) => [name, partitions]));
    let lag = 0;
    for (const { name, kind, reads } of flows) {
      if (kind !== 'transform') continue;
      for (const topic of reads) {
        for (const { partition, end } of ends.get(topic) ?? [])
          lag += end - (committed.get(`${groupOf(name)} ${topic} ${partition}`) ?? 0);
      }
    }
    return lag;
  } finally {
    await reader.close();
  }
}
