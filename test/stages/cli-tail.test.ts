// Streams by name, their records in order of time, and what is shown of each.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReceivedRecord } from '#core/log/port.ts';
import { SignpostError } from '#core/errors.ts';
import { rejectedRecordCodec } from '#schemas/rejected-record.ts';
import { createOutput } from '../../services/cli/output.ts';
import { recordAsJson, showRecord, timeOf } from '../../services/cli/tail/show-record.ts';
import { topicOfStream } from '../../services/cli/tail/streams.ts';
import { records } from '../../services/cli/tail/tail.ts';
import { createMemoryReader } from '../support/memory-reader.ts';

const topic = 'insights.operations.v1';
const terminal = createOutput(
  { isTTY: true, columns: 80, write: () => true, once: () => undefined },
  {},
);

/** Twenty records on two partitions, times alternating between them. */
function filled() {
  const log = createMemoryReader([topic]);
  for (let i = 0; i < 20; i += 1) log.put({ topic, timestamp: i, key: String(i) }, i % 2);
  return log;
}

async function keysOf(stream: AsyncIterable<ReceivedRecord>): Promise<number[]> {
  const keys: number[] = [];
  for await (const { key } of stream) keys.push(Number(key));
  return keys;
}

describe('a stream', () => {
  const topics = [topic, 'insights.shared.v1', 'insights.judged.v1', 'records.rejected.v1'].map(
    (name) => ({
      name,
      partitions: [],
    }),
  );

  it('is named by department, by a short name or by topic', () => {
    expect(topicOfStream('operations', topics).name).toBe(topic);
    expect(topicOfStream('shared', topics).name).toBe('insights.shared.v1');
    expect(topicOfStream('judged', topics).name).toBe('insights.judged.v1');
    expect(topicOfStream('rejected', topics).name).toBe('records.rejected.v1');
    expect(topicOfStream(topic, topics).name).toBe(topic);
  });

  it('that is not there is answered with the nearest and with all there are', () => {
    expect(() => topicOfStream('opertions', topics)).toThrow(
      expect.objectContaining({
        code: 'unknown-stream',
        message: expect.stringContaining('did you mean operations?'),
        hint: expect.stringContaining('records.rejected.v1'),
      }),
    );
  });

  it('ends with the last ten by time', async () => {
    expect(await keysOf(records(filled(), 'operations', {}, undefined))).toEqual([
      10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
    ]);
    expect(await keysOf(records(filled(), 'operations', { max: 3 }, undefined))).toEqual([
      17, 18, 19,
    ]);
  });

  it('is read from its beginning, whole or up to a number', async () => {
    expect(
      await keysOf(records(filled(), 'operations', { fromBeginning: true }, undefined)),
    ).toEqual([...Array(20).keys()]);
    expect(
      await keysOf(records(filled(), 'operations', { fromBeginning: true, max: 2 }, undefined)),
    ).toEqual([0, 1]);
  });

  it('begins at what retention has left', async () => {
    const log = filled();
    log.expire(topic, 9, 0);
    log.expire(topic, 10, 1);
    expect(await keysOf(records(log, 'operations', { fromBeginning: true }, undefined))).toEqual([
      18,
    ]);
  });

  it('is followed until the signal, each record once', async () => {
    const log = filled();
    const stop = new AbortController();
    const seen: number[] = [];
    for await (const { key } of records(
      log,
      'operations',
      { follow: true, max: 14 },
      stop.signal,
    )) {
      seen.push(Number(key));
      if (seen.length >= 10 && seen.length < 14) {
        log.put(
          { topic, timestamp: 100 + seen.length, key: String(90 + seen.length) },
          seen.length % 2,
        );
      }
    }
    expect(seen).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 100, 101, 102, 103]);
    setTimeout(() => stop.abort(), 20);
    expect(await keysOf(records(log, 'operations', { follow: true }, stop.signal))).toHaveLength(
      10,
    );
  });
});

describe('a log that goes away', () => {
  const away = (): never => {
    throw new SignpostError('log-unavailable', 'No broker answers');
  };

  it('is waited for by a follower, who says so once and misses and repeats nothing', async () => {
    const log = createMemoryReader([topic]);
    log.put({ topic, key: '0' });
    const told: string[] = [];
    const listed = log.topics.bind(log);
    let asked = 0;
    log.topics = async () => {
      asked += 1;
      const topics = await listed();
      // A partition without a leader is not listed.
      return asked === 6 ? topics.map((each) => ({ ...each, partitions: [] })) : topics;
    };
    let reads = 0;
    log.beforeRead = () => {
      reads += 1;
      // Both partitions are read each time: the second one fails, with records of the first one at hand.
      if (reads > 2 && reads < 10) away();
    };
    const seen: number[] = [];
    const followed = records(
      log,
      'operations',
      { follow: true, fromBeginning: true, max: 4 },
      undefined,
      (why) => told.push(why),
    );
    for await (const { key } of followed) {
      seen.push(Number(key));
      if (seen.length === 1)
        for (const partition of [0, 1]) log.put({ topic, key: String(partition + 1) }, partition);
      if (seen.length === 3) log.put({ topic, key: '3' });
    }
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(told).toEqual(['No broker answers']);
  });

  it('ends whoever does not follow, and what is wrong for good ends a follower too', async () => {
    const log = filled();
    log.beforeRead = away;
    await expect(keysOf(records(log, 'operations', {}, undefined))).rejects.toThrow('No broker');
    log.beforeRead = () => {
      throw new SignpostError('log-refused', 'May not read');
    };
    const options = { follow: true, fromBeginning: true } as const;
    await expect(keysOf(records(log, 'operations', options, undefined))).rejects.toThrow('May not');
  });
});

describe('a record', () => {
  const at = {
    topic: 'records.rejected.v1',
    partition: 1,
    offset: 7,
    timestamp: 0,
    key: 'k',
    headers: {},
  };
  const letter = {
    id: 'x-1',
    source: 's',
    stage: 'gateway',
    reason: 'invalid-time',
    detail: 'time is \x1b[2Jno time',
    topic: null,
    partition: null,
    offset: null,
    file: 'f.csv',
    line: 3,
    mapping: null,
    key: null,
    headers: {},
    payload: Buffer.from('a,b\x1b]0;x\x07'),
    payloadCut: false,
    rejectedAt: 0,
  };

  it('as JSON has its place, its headers and all its fields, bytes as text where they are text', () => {
    const shown = recordAsJson({ ...at, value: rejectedRecordCodec.encode(letter) });
    expect(shown).toMatchObject({
      ...at,
      value: { reason: 'invalid-time', payload: 'a,b\x1b]0;x\x07' },
    });
    const binary = recordAsJson({
      ...at,
      value: rejectedRecordCodec.encode({ ...letter, payload: Buffer.from([0, 255]) }),
    });
    expect(binary).toMatchObject({ value: { payload: { base64: 'AP8=' } } });
  });

  it('that cannot be read, or is a tombstone, is shown as such', () => {
    expect(recordAsJson({ ...at, value: null })).toMatchObject({ value: null });
    for (const value of [
      Buffer.from('nonsense'),
      Buffer.from([0, 0, 0, 0, 5, 200]),
      Buffer.from([0, 0, 0, 9, 9, 1]),
    ]) {
      expect(recordAsJson({ ...at, value })).toMatchObject({
        value: null,
        undecodable: expect.any(String),
      });
      expect(showRecord({ ...at, value }, terminal).join('\n')).toContain('cannot be read');
    }
  });

  it('whatever it holds, is shown in lines that do nothing to the terminal', () => {
    const colours = new RegExp(String.raw`\u001b\[\d+m`, 'g');
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        (detail, source) => {
          const value = rejectedRecordCodec.encode({
            ...letter,
            detail: detail.toWellFormed(),
            source: source.toWellFormed(),
            reason: source.toWellFormed(),
          });
          for (const line of showRecord({ ...at, key: detail, value }, terminal)) {
            expect(line.replace(colours, '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
          }
        },
      ),
    );
  });
});

it('a time shows as much as is known of it', () => {
  const moment = Date.UTC(2026, 2, 4, 12, 30, 59);
  expect(timeOf(moment)).toBe('2026-03-04 12:30 UTC');
  expect(timeOf(moment, 'day')).toBe('2026-03-04');
  expect(timeOf(moment, 'month')).toBe('2026-03');
  expect(timeOf(Number.MAX_SAFE_INTEGER)).toBe(`${Number.MAX_SAFE_INTEGER} ms`);
});
