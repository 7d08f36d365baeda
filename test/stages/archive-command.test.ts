// `signpost archive` from outside: what it archives and lists, and what it says where there is nothing.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { openEmbeddedLog } from '#core/log/embedded/open.ts';
import { toOutgoing } from '#core/topic.ts';
import { fixedTopics, insightsShared, signalsNormalized } from '../../services/topology.ts';
import { someDayMs } from '../support/archive-rows.ts';
import { endAll, run } from '../support/command.ts';
import { insightOf, signalOf } from '../support/planner-records.ts';

let directory: string;
let data: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-archive-command-'));
  data = join(directory, 'data');
  const log = await openEmbeddedLog({ directory: data });
  await log.ensureTopics(fixedTopics);
  await log.append(
    Array.from({ length: 40 }, (_, n) => {
      const occurredAt = someDayMs - (n % 2) * 86_400_000;
      const signal = signalOf({ sourceId: `T-${n}`, occurredAt });
      return n < 10
        ? toOutgoing(signalsNormalized, signal, { timestamp: someDayMs })
        : toOutgoing(insightsShared, insightOf(signal), { timestamp: someDayMs });
    }),
  );
  await log.close();
});
afterEach(endAll);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const archive = (...args: string[]) => run(['archive', ...args, '--data', data]);

it('says plainly that nothing is archived yet, and makes nothing', async () => {
  const { code, stdout } = await archive();
  expect({ code, stdout }).toMatchObject({ code: 0 });
  expect(stdout).toContain(`Nothing is archived in ${join(data, 'archive')} yet.`);
  expect(JSON.parse((await archive('list', '--json')).stdout)).toMatchObject({ datasets: [] });
  expect(existsSync(join(data, 'archive'))).toBe(false);
});

it('archives what is on the topics, once, and lists it', async () => {
  const first = await archive('sync', '--json');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(first.stdout)).toMatchObject({
    url: join(data, 'archive'),
    datasets: { signals: { rows: 10 }, insights: { rows: 30 } },
  });
  expect((await archive('sync')).stdout).toContain('There was nothing to archive');
  const listed = JSON.parse((await archive('list', '--json')).stdout) as {
    datasets: { name: string; rows: number; days: { day: string; rows: number }[] }[];
  };
  expect(listed.datasets.map(({ name, rows }) => ({ name, rows }))).toEqual([
    { name: 'signals', rows: 10 },
    { name: 'insights', rows: 30 },
  ]);
  expect(listed.datasets[1]!.days).toMatchObject([
    { day: '2026-11-21', rows: 15 },
    { day: '2026-11-22', rows: 15 },
  ]);
  expect((await archive('list', '--days')).stdout).toMatch(/insights\s+2026-11-21\s+15/);
});

it('makes no log where there is none', async () => {
  const missing = join(directory, 'missing');
  const { code, stderr } = await run(['archive', 'sync', '--data', missing]);
  expect(code).toBe(1);
  expect(stderr).toContain('There is no Signpost log');
  expect(existsSync(missing)).toBe(false);
});

it('asks for the place of a cluster’s archive', async () => {
  const { code, stderr } = await run(['archive', 'list', '--brokers', 'localhost:1']);
  expect(code).toBe(1);
  expect(stderr).toContain('SIGNPOST_ARCHIVE_URL');
});
