// The proof that accepted = insights + dropped + rejected: it holds, and it notices when it does not.
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Position } from '#core/log/port.ts';
import { header } from '#core/topic.ts';
import { droppedRecordCodec } from '#schemas/dropped-record.ts';
import { insightCodec, type Insight } from '#schemas/insight.ts';
import { rejectedRecordCodec } from '#schemas/rejected-record.ts';
import { createOutput } from '../../services/cli/output.ts';
import { reportLines } from '../../services/cli/reconcile/command.ts';
import { createIdSet } from '../../services/cli/reconcile/id-set.ts';
import { reconcile } from '../../services/cli/reconcile/reconcile.ts';
import { createMemoryReader, type MemoryReader } from '../support/memory-reader.ts';

const [tickets, posts, signals, shared, dropped, rejected, operations] = [
  'tickets.reported.v1',
  'posts.published.v1',
  'signals.normalized.v1',
  'insights.shared.v1',
  'records.dropped.v1',
  'records.rejected.v1',
  'insights.operations.v1',
];
const topics = [tickets, posts, signals, shared, dropped, rejected, operations];
const source = { [header.source]: 'helpdesk' };
const [{ record: anInsight }] = JSON.parse(
  readFileSync(new URL('../../schemas/insight/v2.samples.json', import.meta.url), 'utf8'),
) as [{ readonly record: Insight }];

let log: MemoryReader;
let ids: number;
beforeEach(() => {
  log = createMemoryReader(topics);
  ids = 0;
});

const from = ({ topic, partition, offset }: Position) => ({
  ...source,
  [header.origin]: `${topic}/${partition}/${offset}`,
});
const accept = (partition = 0): Position => log.put({ topic: tickets, headers: source }, partition);
const share = (origin: Position, headers = {}): Position =>
  log.put({ topic: shared, headers: { ...from(origin), ce_id: `i${(ids += 1)}`, ...headers } });
const drop = (origin: Position): Position => {
  const note = {
    source: 'helpdesk',
    stage: 'normalize',
    reason: 'duplicate',
    ...origin,
    eventId: null,
    droppedAt: 0,
  };
  return log.put({ topic: dropped, headers: from(origin), value: droppedRecordCodec.encode(note) });
};
const reject = (at: Position, stage: string, headers: Record<string, string>): Position => {
  const letter = {
    id: `${at.topic}-${at.partition}-${at.offset}-${stage}`,
    source: 'helpdesk',
    stage,
    reason: 'undecodable',
    detail: '',
    ...at,
    file: null,
    line: null,
    mapping: null,
    key: null,
    headers: {},
    payload: new Uint8Array(),
    payloadCut: false,
    rejectedAt: 0,
  };
  return log.put({ topic: rejected, headers, value: rejectedRecordCodec.encode(letter) });
};
/** Says that every stage has read all there is. */
async function settled(): Promise<void> {
  for (const { name, partitions } of await log.topics()) {
    for (const { partition, end } of partitions) {
      for (const stage of ['normalize', 'classify', 'publish'])
        log.commit(stage, name, end, partition);
    }
  }
}

describe('a log whose records all ended', () => {
  it('balances, with numbers and reasons per source', async () => {
    share(accept());
    drop(accept(1));
    const third = accept();
    reject(third, 'normalize', from(third));
    await settled();
    const result = await reconcile(log);
    expect(result).toMatchObject({
      balanced: true,
      missing: 0,
      doubled: 0,
      inFlight: 0,
      duplicates: 0,
    });
    expect(result.sources).toEqual({
      helpdesk: { accepted: 3, insights: 1, dropped: 1, rejected: 1 },
    });
    expect(result.reasons).toEqual({
      helpdesk: { dropped: { duplicate: 1 }, rejected: { undecodable: 1 } },
    });
  });

  it('balances when it is empty', async () => {
    expect(await reconcile(log)).toMatchObject({ balanced: true, sources: {} });
  });

  it("counts the gateway's own outcomes as accepted", async () => {
    reject({ topic: tickets, partition: 0, offset: 0 }, 'gateway', source);
    expect(await reconcile(log)).toMatchObject({
      balanced: true,
      sources: { helpdesk: { accepted: 1, rejected: 1 } },
    });
  });

  it('leaves out outcomes of what retention has taken away', async () => {
    const old = accept();
    share(old);
    share(accept());
    log.expire(tickets, 1);
    await settled();
    expect(await reconcile(log)).toMatchObject({
      balanced: true,
      sources: { helpdesk: { accepted: 1, insights: 1 } },
    });
  });
});

describe('what is wrong is noticed', () => {
  it('a record without an outcome is missing', async () => {
    share(accept());
    accept();
    await settled();
    expect(await reconcile(log)).toMatchObject({
      balanced: false,
      missing: 1,
      inFlight: 0,
      examples: { missing: ['tickets.reported.v1/0/1'] },
    });
  });

  it('a record with two outcomes is doubled, though another is missing and the sums agree', async () => {
    const first = accept();
    accept();
    share(first);
    drop(first);
    await settled();
    expect(await reconcile(log)).toMatchObject({ balanced: false, missing: 1, doubled: 1 });
  });

  it('an id that comes twice on one topic is a duplicate', async () => {
    for (const topic of [shared, operations]) {
      log.put({ topic, headers: { ...from(accept()), ce_id: 'same' } });
      log.put({ topic, headers: { ...from(accept()), ce_id: 'same' } }, 1);
    }
    await settled();
    const { balanced, duplicates, duplicatesIn } = await reconcile(log);
    expect({ balanced, duplicates, duplicatesIn }).toEqual({
      balanced: false,
      duplicates: 2,
      duplicatesIn: { [shared]: 1, [operations]: 1 },
    });
  });

  it('an insight of no record accepted is unexplained', async () => {
    log.put({
      topic: shared,
      headers: { ...source, [header.origin]: 'elsewhere/0/0', ce_id: 'x' },
    });
    expect(await reconcile(log)).toMatchObject({ balanced: false, unexplained: 1 });
  });

  it('is said of one in the singular', async () => {
    share(accept());
    await settled();
    const { styles } = createOutput();
    const said = async () => reportLines(await reconcile(log), styles).join('\n');
    drop({ topic: tickets, partition: 1, offset: 900 });
    expect(await said()).toContain('  1 outcome or published insight that stems from no record');
    drop({ topic: tickets, partition: 1, offset: 901 });
    expect(await said()).toContain('  2 outcomes or published insights that stem from no record');
  });

  it('an outcome of an offset that no intake topic has reached is unexplained', async () => {
    share(accept());
    share({ topic: tickets, partition: 0, offset: 1 });
    drop({ topic: tickets, partition: 1, offset: 900 });
    await settled();
    expect(await reconcile(log)).toMatchObject({ balanced: false, unexplained: 2, missing: 0 });
  });

  it('a record on a department stream that stems from none accepted is unexplained', async () => {
    const origin = accept();
    share(origin);
    log.put({ topic: operations, headers: { ...from(origin), ce_id: 'right' } });
    await settled();
    expect(await reconcile(log)).toMatchObject({ balanced: true, unexplained: 0 });
    const beyond = from({ topic: tickets, partition: 0, offset: 7 });
    log.put({ topic: operations, headers: { ...beyond, ce_id: 'beyond' } });
    log.put({ topic: operations, headers: { ...source, ce_id: 'of nothing' } });
    expect(await reconcile(log)).toMatchObject({ balanced: false, unexplained: 2 });
  });
});

describe('department streams', () => {
  const billing = 'insights.billing.v1';
  const day = 86_400_000;
  beforeEach(() => {
    log = createMemoryReader([...topics, billing, 'insights.unsure.v1']);
  });

  /** An insight with copies on `streams`, each naming `receivers`. */
  async function route(
    id: string,
    receivers: readonly string[],
    streams: readonly string[],
    timestamp = 100 * day,
    unsure: readonly string[] | null = null,
  ): Promise<void> {
    const origin = accept();
    share(origin, { ce_id: id });
    const value = insightCodec.encode({ ...anInsight, id, unsure, sharedWith: receivers });
    for (const stream of streams) {
      const topic = `insights.${stream}.v1`;
      log.put({ topic, value, headers: { ...from(origin), ce_id: id }, timestamp });
    }
    await settled();
  }
  const both = ['operations', 'billing'];

  it('that hold what they say of each other agree', async () => {
    await route('a', both, both);
    await route('b', ['billing'], ['billing']);
    await route('c', [], []);
    expect(await reconcile(log)).toMatchObject({
      balanced: true,
      departments: {
        billing: { expected: 2, found: 2, missing: 0, foreign: 0 },
        operations: { expected: 1, found: 1, missing: 0, foreign: 0 },
      },
    });
  });

  it('one of which lacks what another names do not', async () => {
    await route('a', both, ['operations']);
    expect(await reconcile(log)).toMatchObject({
      balanced: false,
      departments: {
        billing: { expected: 1, found: 0, missing: 1, foreign: 0 },
        operations: { expected: 1, found: 1, missing: 0, foreign: 0 },
      },
    });
  });

  it('agree with the review list, which has what is unsure for anybody', async () => {
    await route('a', ['operations'], ['operations', 'unsure'], 100 * day, ['billing']);
    await route('b', [], ['unsure'], 100 * day, ['billing', 'operations']);
    expect(await reconcile(log)).toMatchObject({
      balanced: true,
      sources: { helpdesk: { accepted: 2, insights: 2 } },
      departments: {
        operations: { expected: 1, found: 1 },
        unsure: { expected: 2, found: 2, missing: 0, foreign: 0 },
      },
    });
  });

  it('do not agree with a review list that lacks one, or has one that is unsure for nobody', async () => {
    await route('a', ['operations'], ['operations'], 100 * day, ['billing']);
    const missing = await reconcile(log);
    expect(missing).toMatchObject({ balanced: false, departments: { unsure: { missing: 1 } } });
    expect(reportLines(missing, createOutput().styles).join('\n')).toContain(
      '1 not on the review list (insights.unsure.v1), though others say that they are.',
    );
    await route('b', ['operations'], ['operations', 'unsure']);
    expect(await reconcile(log)).toMatchObject({
      balanced: false,
      departments: { unsure: { foreign: 1 } },
    });
  });

  it('that lack one each do not, though the sums agree', async () => {
    await route('a', both, ['operations']);
    await route('b', both, ['billing']);
    expect(await reconcile(log)).toMatchObject({
      balanced: false,
      departments: { billing: { missing: 1 }, operations: { missing: 1 } },
    });
  });

  it('with an insight not meant for them do not', async () => {
    await route('a', ['billing'], both);
    expect(await reconcile(log)).toMatchObject({
      balanced: false,
      departments: { operations: { expected: 0, found: 1, foreign: 1 } },
    });
  });

  it('of which there is none for a department that is named do not', async () => {
    await route('a', ['billing', 'legal'], ['billing']);
    expect(await reconcile(log)).toMatchObject({
      balanced: false,
      departments: { legal: { expected: 1, found: 0, missing: 1 } },
    });
  });

  it('are compared as far as all of them still hold what they held', async () => {
    await route('old', both, both, 10 * day);
    await route('new', both, both, 50 * day);
    log.expire(billing, 1);
    await settled();
    expect(await reconcile(log, { now: () => 60 * day })).toMatchObject({ balanced: true });
    // All of it is gone from one: what is past its time is not compared.
    log.expire(billing, 2);
    await settled();
    expect(await reconcile(log, { now: () => 90 * day })).toMatchObject({ balanced: true });
    expect(await reconcile(log, { now: () => 60 * day })).toMatchObject({ balanced: false });
  });

  it('of a pipeline that goes on are compared up to where it had routed', async () => {
    await route('a', both, both);
    const origin = accept();
    const insight = share(origin, { ce_id: 'late' });
    const value = insightCodec.encode({ ...anInsight, id: 'late', sharedWith: both });
    // Routed, but the end of one stream was asked for before that.
    log.put({ topic: operations, value, headers: { ...from(origin), ce_id: 'late' } });
    expect(insight.offset).toBe(1);
    expect(await reconcile(log)).toMatchObject({
      awaitingPublish: 1,
      departments: { billing: { missing: 0 }, operations: { missing: 0 } },
    });
  });
});

describe('what is under way is in flight, not lost', () => {
  it('before normalize', async () => {
    accept();
    expect(await reconcile(log)).toMatchObject({ balanced: false, inFlight: 1, missing: 0 });
  });

  it('between normalize and classify', async () => {
    const origin = accept();
    log.commit('normalize', tickets, 1);
    log.put({ topic: signals, headers: from(origin) });
    expect(await reconcile(log)).toMatchObject({ balanced: false, inFlight: 1, missing: 0 });
  });

  it('before publish', async () => {
    share(accept());
    log.commit('normalize', tickets, 1);
    expect(await reconcile(log)).toMatchObject({ balanced: false, awaitingPublish: 1, missing: 0 });
  });

  it('what is accepted and processed while it reads raises no alarm', async () => {
    share(accept());
    await settled();
    log.beforeRead = () => void share(accept());
    expect(await reconcile(log)).toMatchObject({
      balanced: true,
      unexplained: 0,
      sources: { helpdesk: { accepted: 1, insights: 1 } },
    });
  });
});

describe('replays', () => {
  it('a signal put back stands for its origin once more', async () => {
    const origin = accept();
    const signal = log.put({ topic: signals, headers: from(origin) });
    reject(signal, 'classify', from(origin));
    log.put({ topic: signals, headers: { ...from(origin), [header.replayOf]: 'letter' } });
    share(origin);
    await settled();
    expect(await reconcile(log)).toMatchObject({
      balanced: true,
      sources: { helpdesk: { accepted: 2, insights: 1, rejected: 1 } },
    });
  });

  it('an insight that could not be routed counts as rejected, and put back as an insight', async () => {
    const origin = accept();
    const insight = share(origin, { ce_id: 'same' });
    reject(insight, 'publish', from(origin));
    await settled();
    expect(await reconcile(log)).toMatchObject({
      balanced: true,
      sources: { helpdesk: { accepted: 1, insights: 0, rejected: 1 } },
    });
    share(origin, { ce_id: 'same', [header.replayOf]: 'letter' });
    await settled();
    expect(await reconcile(log)).toMatchObject({
      duplicates: 0,
      doubled: 0,
      sources: { helpdesk: { accepted: 2, insights: 1, rejected: 1 } },
    });
  });
});

it('a set of ids knows each again after it has grown', () => {
  const set = createIdSet(10);
  const many = Array.from({ length: 50_000 }, (_, i) => `source/${i}/v${i % 3}`);
  expect(many.every((id) => set.add(id))).toBe(true);
  expect(many.some((id) => set.add(id))).toBe(false);
});
