// Dead letters go back where they came from, once each, and a crash forgets none of it.
import { describe, expect, it } from 'vitest';
import type { Log } from '#core/log/port.ts';
import { header } from '#core/topic.ts';
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import { recordsRejected } from '../../services/topology.ts';
import { filterLetters, lettersById, replayedAt } from '../../services/cli/rejected/letters.ts';
import {
  applyReplay,
  planReplay,
  type RetryLine,
  type Step,
} from '../../services/cli/rejected/replay.ts';
import { createMemoryReader, type MemoryReader } from '../support/memory-reader.ts';

const intake = 'posts.published.v1';
const now = () => 5_000;
const refuse: RetryLine = () => Promise.resolve({ ok: false, detail: 'still wrong' });

function aLetter(said: Partial<RejectedRecord>): RejectedRecord {
  return {
    id: `${intake}-0-4-normalize`,
    source: 'forum',
    stage: 'normalize',
    reason: 'undecodable',
    detail: 'does not decode',
    topic: intake,
    partition: 0,
    offset: 4,
    file: null,
    line: null,
    mapping: null,
    key: 'forum/P1',
    headers: { ce_id: 'forum/P1', ce_source: 'forum' },
    payload: Buffer.from([0, 0, 0, 0, 2, 7]),
    payloadCut: false,
    rejectedAt: 1_000,
    ...said,
  };
}

function logWith(...letters: RejectedRecord[]): MemoryReader {
  const log = createMemoryReader([intake, recordsRejected.name]);
  for (const letter of letters) {
    const value = recordsRejected.codec.encode(letter);
    log.put({
      topic: recordsRejected.name,
      value,
      headers: { ce_id: letter.id },
      timestamp: letter.rejectedAt,
    });
  }
  return log;
}

function plan(log: MemoryReader, retryLine = refuse, again = false): AsyncGenerator<Step> {
  return planReplay(filterLetters(log, {}), {
    log,
    topics: new Set([intake]),
    retryLine,
    now,
    again,
  });
}

async function idsOf(letters: AsyncIterable<RejectedRecord>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of letters) ids.push(id);
  return ids;
}

async function stepsOf(log: MemoryReader, retryLine?: RetryLine, again?: boolean): Promise<Step[]> {
  const steps: Step[] = [];
  for await (const step of plan(log, retryLine, again)) steps.push(step);
  return steps;
}

describe('a dead letter of a topic', () => {
  it('goes back as it was, saying what it replays, kept as long as a new record', async () => {
    const [step] = await stepsOf(logWith(aLetter({})));
    expect(step).toMatchObject({
      does: 'replay',
      record: {
        topic: intake,
        key: 'forum/P1',
        headers: {
          ce_id: 'forum/P1',
          ce_source: 'forum',
          [header.replayOf]: `${intake}-0-4-normalize`,
        },
        timestamp: 5_000,
      },
    });
    expect(step!.does === 'replay' && [...step!.record.value!]).toEqual([0, 0, 0, 0, 2, 7]);
  });

  it('is remembered in the write that puts it back, so that a second replay skips it', async () => {
    const log = logWith(aLetter({}));
    const replayed = await applyReplay(log as unknown as Log, plan(log), now, () => {});
    expect([...replayed.keys()]).toEqual([`${intake}/0/0`]);
    expect(Object.keys(log.remembered[0]!)).toContain(`replayed/${intake}-0-4-normalize`);
    expect(await replayedAt(log, aLetter({}))).toBe('1970-01-01T00:00:05.000Z');
    expect(await stepsOf(log)).toMatchObject([{ does: 'skip', why: 'already-replayed' }]);
  });

  it('goes back once although two stages rejected the same record', async () => {
    const log = logWith(aLetter({}), aLetter({ id: `${intake}-0-4-archive`, stage: 'archive' }));
    expect(await stepsOf(log)).toMatchObject([
      { does: 'replay' },
      { does: 'skip', why: 'already-replayed' },
    ]);
  });

  it('stays when a replay of it was rejected again, unless that is asked for', async () => {
    const log = logWith(aLetter({ headers: { [header.replayOf]: 'first' } }));
    const [step] = await stepsOf(log);
    expect(step).toMatchObject({ does: 'skip', why: 'rejected-again' });
    expect(step!.does === 'skip' && step!.detail).toMatch(/replay of first.*--again/);
    expect(await stepsOf(log, undefined, true)).toMatchObject([{ does: 'replay' }]);
  });

  it('is refused when it was cut, or has nowhere to go', async () => {
    const log = logWith(
      aLetter({ id: 'a', payloadCut: true }),
      aLetter({ id: 'b', topic: 'gone.v1' }),
      aLetter({ id: 'c', topic: null, partition: null, offset: null }),
    );
    expect(await stepsOf(log)).toMatchObject([
      { why: 'payload-cut' },
      { why: 'no-topic' },
      { why: 'no-origin' },
    ]);
  });
});

describe('a dead letter of a line', () => {
  const line = aLetter({
    id: 'f-3',
    topic: null,
    partition: null,
    offset: null,
    file: 'f.csv',
    line: 3,
    mapping: 'm',
  });

  it('goes through its mapping again', async () => {
    const outgoing = {
      topic: intake,
      key: 'k',
      value: Buffer.from('x'),
      headers: { ce_id: 'k' },
      timestamp: 9,
    };
    const [step] = await stepsOf(logWith(line), () => Promise.resolve({ ok: true, outgoing }));
    expect(step).toMatchObject({
      does: 'replay',
      record: { ...outgoing, headers: { ce_id: 'k', [header.replayOf]: 'f-3' } },
    });
  });

  it('stays where it is while the mapping refuses it, and can be replayed later', async () => {
    const log = logWith(line);
    await applyReplay(log as unknown as Log, plan(log), now, (step) =>
      expect(step.why).toBe('still-refused'),
    );
    expect(log.remembered).toEqual([]);
    expect(await replayedAt(log, line)).toBeNull();
  });
});

describe('the order of dead letters', () => {
  it('is time, and within a millisecond where they came from, whatever their partitions', async () => {
    const log = createMemoryReader([intake, recordsRejected.name]);
    const put = (id: string, rejectedAt: number, partition: number) =>
      log.put(
        {
          topic: recordsRejected.name,
          value: recordsRejected.codec.encode(aLetter({ id, rejectedAt })),
          headers: { ce_id: id },
          timestamp: rejectedAt,
        },
        partition,
      );
    put('posts.published.v1-1-9-normalize', 1_000, 0);
    put('posts.published.v1-0-10-normalize', 1_000, 0);
    put('f00d-100-aa', 1_001, 0);
    put('f00d-20-bb', 1_001, 0);
    put('posts.published.v1-0-9-normalize', 1_000, 1);
    put('f00d-3-cc', 1_001, 1);
    put('posts.published.v1-0-1-normalize', 1_002, 1);
    expect(await idsOf(filterLetters(log, {}))).toEqual([
      'posts.published.v1-0-9-normalize',
      'posts.published.v1-0-10-normalize',
      'posts.published.v1-1-9-normalize',
      'f00d-3-cc',
      'f00d-20-bb',
      'f00d-100-aa',
      'posts.published.v1-0-1-normalize',
    ]);
  });
});

describe('choosing', () => {
  it('by source, reason and stage', async () => {
    const log = logWith(
      aLetter({ id: 'a' }),
      aLetter({ id: 'b', source: 'other' }),
      aLetter({ id: 'c', reason: 'id-conflict' }),
    );
    const ids = async (filter: object) => await idsOf(filterLetters(log, filter));
    expect(await ids({ source: 'forum' })).toEqual(['a', 'c']);
    expect(await ids({ source: 'forum', reason: 'id-conflict' })).toEqual(['c']);
    expect(await ids({ stage: 'classify' })).toEqual([]);
  });

  it('by ids, refusing those that are not there', async () => {
    const log = logWith(aLetter({ id: 'a' }), aLetter({ id: 'b' }));
    expect(await idsOf(lettersById(log, ['b', 'b']))).toEqual(['b']);
    await expect(idsOf(lettersById(log, ['a', 'nope']))).rejects.toMatchObject({
      code: 'unknown-dead-letter',
      message: 'There is no dead letter nope',
    });
  });
});
