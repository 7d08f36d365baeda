// The planners' database of one process: filled beside the pipeline, and where it cannot be, `up` says why.
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfig } from '../../services/cli/config.ts';
import { openPipeline, type Pipeline } from '../../services/cli/pipeline.ts';
import { openPlanners, type Planners } from '../../services/cli/planners/open-planners.ts';
import { storeDirectory } from '../../services/cli/store-place.ts';
import { takeIn } from '../../services/gateway/sources/intake.ts';
import { insightsShared, ticketsAggregated } from '../../services/topology.ts';
import { start } from '../support/command.ts';

const config = { ...readConfig(undefined), threads: 1 };
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'signpost-planners-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

async function opened(work: (pipeline: Pipeline, planners: Planners) => Promise<void>) {
  const pipeline = await openPipeline(directory, config);
  const planners = openPlanners(directory, config, pipeline.log, Promise.resolve());
  try {
    await Promise.race([planners.failed, pipeline.failed, work(pipeline, planners)]);
  } finally {
    await planners.close();
    await pipeline.close();
  }
}

function ticket(id: string, status: string) {
  const input = {
    id,
    version: status,
    name: 'no signal at home since the storm',
    description: 'my phone shows no signal, calls drop, nothing works',
    status,
    occurredAt: '2026-11-20T10:00:00Z',
    place: { area: 'harbour-north' },
  };
  const taken = takeIn('tickets', input, { source: 'helpdesk', receivedAt: Date.now() });
  if (!taken.ok) throw new Error(`${taken.field} ${taken.detail}`);
  return taken.outgoing;
}

const endsOf = async (pipeline: Pipeline, topic: string): Promise<number> => {
  const found = (await pipeline.log.topics()).find(({ name }) => name === topic);
  return (found?.partitions ?? []).reduce((sum, { end }) => sum + end, 0);
};

const storedIn = async ({ db }: Planners) => {
  const { rows } = await sql<{ facts: number; read: number }>`
    SELECT (SELECT count(*) FROM signpost.signals)::int AS facts,
      (SELECT coalesce(sum(next_offset), 0) FROM signpost.projections WHERE stage = 'aggregate')::int AS read`.execute(
    db.query,
  );
  return rows[0]!;
};

test(
  'what is taken in becomes facts and changed cells, once, over a restart',
  { timeout: 120_000 },
  async () => {
    await opened(async (pipeline, planners) => {
      await pipeline.log.append([ticket('T1', 'acknowledged'), ticket('T2', 'acknowledged')]);
      await expect
        .poll(() => storedIn(planners), { timeout: 60_000 })
        .toEqual({ facts: 2, read: 2 });
      await expect
        .poll(() => endsOf(pipeline, ticketsAggregated.name), { timeout: 30_000 })
        .toBeGreaterThan(0);
      const metrics = await planners.metrics();
      expect(JSON.stringify(metrics)).toContain('"stage":"aggregate"');
    });
    await opened(async (pipeline, planners) => {
      await pipeline.log.append([ticket('T1', 'resolved'), ticket('T2', 'acknowledged')]);
      // The second says nothing new: normalize drops it.
      await expect
        .poll(() => storedIn(planners), { timeout: 60_000 })
        .toEqual({ facts: 2, read: 3 });
      expect(await endsOf(pipeline, insightsShared.name)).toBe(3);
    });
  },
);

test('a database that is damaged ends `up` with what to do', { timeout: 120_000 }, async () => {
  await opened((_pipeline, planners) => planners.ready);
  truncateSync(join(storeDirectory(directory), 'postgres/global/pg_control'), 100);
  const up = start(['up', '--data', directory, '--port', '0']);
  const { code, stderr } = await up.ended;
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/cannot be opened[^]*move the folder away/),
  });
});

test(
  'closed before the database is opened, nothing is waited for',
  { timeout: 60_000 },
  async () => {
    const pipeline = await openPipeline(directory, config);
    const planners = openPlanners(directory, config, pipeline.log, new Promise(() => {}));
    const began = performance.now();
    await planners.close();
    await pipeline.close();
    expect(performance.now() - began).toBeLessThan(10_000);
  },
);

test(
  '`run` makes a new data directory, and all of it becomes ready',
  { timeout: 120_000 },
  async () => {
    const data = join(directory, 'new');
    const services = [
      'gateway',
      'normalize',
      'classify',
      'publish',
      'aggregate',
      'alert',
      'portal',
    ];
    const args = ['run', ...services, '--data', data, '--port', '0', '--probe-port', '0'];
    const running = start(args, { cwd: directory });
    const [, probe] = await running.says(/Probes at (http:\/\/[^/]+)/);
    const readiness = async () => (await fetch(`${probe}/readyz`)).text();
    await expect.poll(readiness, { timeout: 90_000 }).toBe('{"status":"ready"}\n');
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  },
);
