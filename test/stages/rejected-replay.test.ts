// Dead letters after a fix: each goes back once and becomes what it should have been, whether replay is asked for twice,
// tried out first, or killed in the middle.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import { openEmbeddedLogReader } from '#core/log/embedded/reader.ts';
import type { TopicStatus } from '#core/log/port.ts';
import { runStage } from '#core/run-stage.ts';
import { reject, type Transform } from '#core/stage.ts';
import { createTelemetry } from '#core/telemetry.ts';
import { toOutgoing } from '#core/topic.ts';
import type { CommunityPost } from '#schemas/community-post.ts';
import { departmentNames } from '../../services/cli/departments.ts';
import { readConfig } from '../../services/cli/config.ts';
import {
  postsPublished,
  recordsDropped,
  recordsRejected,
  topicsFor,
} from '../../services/topology.ts';
import { seeded } from '../support/adversary.ts';
import { endAll, run, start } from '../support/command.ts';
import { aPost } from '../support/intake.ts';
import { auditDirectory } from '../support/oracle.ts';

let directory: string;
let data: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-replay-'));
  data = join(directory, 'data');
});
afterEach(async () => {
  await endAll();
  rmSync(directory, { recursive: true, force: true });
});

async function replay(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run([
    'rejected',
    'replay',
    ...args,
    '--data',
    data,
    '--json',
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function topicsNow(): Promise<readonly TopicStatus[]> {
  const reader = await openEmbeddedLogReader({ directory: data });
  try {
    return await reader.topics();
  } finally {
    await reader.close();
  }
}

/** A release of normalize with a fault, which rejected these posts. */
async function rejectPosts(count: number): Promise<void> {
  const log = await openEmbeddedLog({ directory: data });
  await log.ensureTopics(topicsFor(departmentNames(readConfig(undefined).classify)));
  const posts = Array.from({ length: count }, (_, i) =>
    aPost({ id: `P${i}`, text: `No signal since Monday, day ${i}` }),
  );
  await log.append(
    posts.map((post) => toOutgoing(postsPublished, post, { timestamp: Date.UTC(2026, 0, 6) })),
  );
  const faulty: Transform<CommunityPost> = {
    kind: 'transform',
    name: 'normalize',
    inputs: [postsPublished],
    decide: () => reject('faulty-release', 'was rejected by mistake'),
  };
  const stop = new AbortController();
  const running = runStage(
    faulty,
    {
      log,
      logger: pino({ level: 'silent' }),
      metrics: createTelemetry(() => 0).stage('normalize'),
      rejected: recordsRejected,
      dropped: recordsDropped,
      sleep: (ms) => pause(ms),
    },
    stop.signal,
  );
  const rejected = async (): Promise<number> =>
    (await log.topics())
      .find(({ name }) => name === recordsRejected.name)!
      .partitions.reduce((sum, { end }) => sum + end, 0);
  while ((await rejected()) < count) await pause(10);
  stop.abort();
  await running;
  await log.close();
}

test('records of a topic go back once; trying it out changes nothing, asking again skips them', async () => {
  await rejectPosts(3);
  const before = await topicsNow();
  expect(await replay('--all', '--dry-run')).toMatchObject({ dryRun: true, replay: 3 });
  expect(await topicsNow()).toEqual(before);
  expect(await replay('--reason', 'faulty-release')).toMatchObject({ dryRun: false, insight: 3 });
  const after = await topicsNow();
  const again = await replay('--all');
  expect(again).toMatchObject({ skipped: 3 });
  expect(again['letters']).toMatchObject([
    { reason: 'already-replayed' },
    { reason: 'already-replayed' },
    { reason: 'already-replayed' },
  ]);
  expect(await topicsNow()).toEqual(after);

  const books = await auditDirectory(data);
  expect(books.insights.map(({ key }) => key!).toSorted()).toEqual([
    'forum/P0',
    'forum/P1',
    'forum/P2',
  ]);
  expect(books.insights[0]!.headers['signpost_origin']).toMatch(/^posts\.published\.v1\//);
  const reconciled = await run(['reconcile', '--data', data, '--json']);
  expect(JSON.parse(reconciled.stdout)).toMatchObject({
    balanced: true,
    sources: { forum: { accepted: 6, insights: 3, rejected: 3 } },
  });
  const listed = await run(['rejected', 'list', '--data', data, '--json']);
  const [letter] = listed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(letter!['replayedAt']).toMatch(/^\d{4}-/);
});

const mappingOf = (time: string): string =>
  `source: desk\nkind: tickets\nformat: csv\ntime: ${time}\nfields: { id: id, description: words }\n`;

test('lines of a file go through their mended mapping, once; what it still refuses stays', async () => {
  const mapping = join(directory, 'desk.yaml');
  const file = join(directory, 'desk.csv');
  const importAgain = async (): Promise<unknown> =>
    JSON.parse(
      (await run(['import', 'tickets', file, '--mapping', mapping, '--data', data, '--json']))
        .stdout,
    );
  writeFileSync(mapping, mappingOf('{ column: at }'));
  writeFileSync(
    file,
    'id,at,words\na,2025-06-01T10:00:00Z,no signal\nb,2025-06-01T11:00:00,"slow,\nvery slow"\nc,whenever,bill\n',
  );
  expect(await importAgain()).toMatchObject({
    accepted: 3,
    insights: 1,
    rejected: { 'time-without-zone': 1, 'invalid-time': 1 },
  });

  // Nothing was mended yet.
  expect(await replay('--all')).toMatchObject({ skipped: 2 });
  writeFileSync(mapping, mappingOf('{ column: at, zone: Europe/Madrid }'));
  const before = await topicsNow();
  expect(await replay('--all', '--dry-run')).toMatchObject({ replay: 1, skipped: 1 });
  expect(await topicsNow()).toEqual(before);
  const { letters } = await replay('--all');
  expect(letters).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ became: 'insight' }),
      expect.objectContaining({
        became: 'skipped',
        reason: 'still-refused',
        detail: expect.stringContaining('invalid-time'),
      }),
    ]),
  );
  expect(await replay('--all')).toMatchObject({ skipped: 2 });
  // Who imports the file again instead, or as well, doubles nothing either.
  expect(await importAgain()).toMatchObject({
    accepted: 3,
    insights: 0,
    dropped: { duplicate: 2 },
    rejected: { 'invalid-time': 1 },
  });

  const books = await auditDirectory(data);
  expect(books.insights.map(({ key }) => key!).toSorted()).toEqual(['desk/a', 'desk/b']);
  expect((await run(['reconcile', '--data', data, '--json'])).code).toBe(0);
});

test(
  'a replay that is killed again and again puts each dead letter back once',
  { timeout: 60_000 },
  async () => {
    const count = 2400;
    await rejectPosts(count);
    const random = seeded(21);
    let kills = 0;
    for (let done = false; !done;) {
      const { child, ended } = start(['rejected', 'replay', '--all', '--data', data]);
      const over = new AbortController();
      void ended.then(() => over.abort());
      if (kills < 6)
        await pause(250 + random() * 700, undefined, { signal: over.signal }).catch(() => {});
      if (kills < 6) child.kill('SIGKILL');
      const { code, signal, stderr } = await ended;
      if (signal === 'SIGKILL') kills += 1;
      else if (code !== 0) throw new Error(`The replay failed by itself: ${stderr}`);
      done = code === 0;
    }
    expect(kills).toBeGreaterThan(2);
    const books = await auditDirectory(data);
    expect(books.insights.length).toBe(count);
    expect(books.accepted.size).toBe(2 * count);
    const outcomes = Map.groupBy(
      books.accepted.values(),
      ({ outcome }) => outcome.reason ?? outcome.kind,
    );
    expect([...outcomes].map(([reason, records]) => [reason, records.length])).toEqual(
      expect.arrayContaining([
        ['faulty-release', count],
        ['insight', count],
      ]),
    );
    expect((await run(['reconcile', '--data', data, '--json'])).code).toBe(0);
  },
);
