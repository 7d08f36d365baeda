// What doctor finds: each thing said once, and readers that hold their topic.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { checksOf } from '../../services/cli/doctor/checks.ts';
import { clusterChecksOf } from '../../services/cli/doctor/cluster-checks.ts';
import { diagnose, type Diagnosis } from '../../services/cli/doctor/doctor.ts';
import { howFar, plannersOf } from '../../services/cli/doctor/planners-checks.ts';
import { stalledReaders } from '../../services/cli/doctor/stalled-readers.ts';
import { startFakeRegistry } from '../support/fake-registry.ts';
import { createMemoryReader, type MemoryReader } from '../support/memory-reader.ts';

async function diagnosesOf(yaml: string): Promise<Diagnosis[]> {
  const folder = mkdtempSync(join(tmpdir(), 'signpost-doctor-'));
  try {
    writeFileSync(join(folder, 'signpost.yaml'), yaml);
    const checks = checksOf(join(folder, 'data'), join(folder, 'signpost.yaml'), {});
    const diagnoses: Diagnosis[] = [];
    for await (const diagnosis of diagnose(checks)) diagnoses.push(diagnosis);
    return diagnoses;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('what is wrong', () => {
  it('with the configuration is said once, and what hangs on it points there', async () => {
    const diagnoses = await diagnosesOf('threads: many\n');
    const wrong = diagnoses.filter(({ ok }) => !ok);
    expect(wrong.filter(({ says }) => says.includes('threads'))).toMatchObject([
      { name: 'configuration' },
    ]);
    expect(wrong.slice(1).map(({ says }) => says)).toEqual(
      Array.from(wrong.slice(1), () => 'cannot be checked: see configuration'),
    );
    expect(wrong.map(({ name }) => name)).toEqual([
      'configuration',
      'departments',
      'model',
      'gazetteer',
      'port',
    ]);
  });

  it('with the departments is not said of the model again', async () => {
    const diagnoses = await diagnosesOf(
      'classify: { departments: [{ name: x, title: X, threshold: 9 }] }\ngateway: { port: 0 }\n',
    );
    expect(diagnoses.filter(({ ok }) => !ok)).toMatchObject([
      { name: 'departments', says: expect.stringContaining('classify.departments.0.threshold') },
      { name: 'model', says: 'cannot be checked: see departments' },
    ]);
  });
});

describe('of a cluster, the registry', () => {
  afterEach(() => vi.unstubAllEnvs());

  async function registryAt(url: string): Promise<Diagnosis[]> {
    // Brokers that are away: what is checked goes on without them.
    const place = { data: 'none', isDataNamed: false, brokers: '127.0.0.1:1' };
    vi.stubEnv('SCHEMA_REGISTRY_URL', url);
    const env = process.env;
    const checks = clusterChecksOf(place, env).filter(({ name }) =>
      ['topics', 'registry', 'schemas'].includes(name),
    );
    const diagnoses: Diagnosis[] = [];
    for await (const diagnosis of diagnose(checks)) diagnoses.push(diagnosis);
    return diagnoses;
  }

  it('that is away is said once, without waiting, and the checks go on', async () => {
    expect(await registryAt('http://127.0.0.1:1')).toMatchObject([
      { name: 'topics', ok: false, says: expect.stringContaining('nothing listens') },
      { name: 'registry', ok: false, says: expect.stringContaining('does not answer') },
      { name: 'schemas', ok: true },
    ]);
  });

  it('is no web server of another kind', async () => {
    const registry = await startFakeRegistry();
    try {
      registry.answerNext(1, 200, '<h1>Welcome</h1>');
      expect((await registryAt(registry.url))[1]).toMatchObject({
        ok: false,
        says: expect.stringContaining('is no schema registry'),
      });
      expect((await registryAt(registry.url))[1]).toMatchObject({ ok: true });
    } finally {
      await registry.close();
    }
  });
});

describe('a reader', () => {
  const topic = 'insights.shared.v1';
  const hour = 3_600_000;
  const still = () => Promise.resolve();

  /** A record every ten minutes for three hours, on two partitions in turn. */
  function grown(): MemoryReader {
    const log = createMemoryReader([topic]);
    for (let i = 0; i < 18; i += 1) log.put({ topic, timestamp: (i * hour) / 6 }, i % 2);
    return log;
  }

  it('that stopped while its topic grew is found, with what waits for it', async () => {
    const log = grown();
    log.commit('alert', topic, 2, 0);
    log.commit('alert', topic, 3, 1);
    log.commit('publish', topic, 9, 0);
    log.commit('publish', topic, 9, 1);
    expect(await stalledReaders(log, still)).toEqual([
      { group: 'signpost.alert', topic, behind: 13, waitingSince: (4 * hour) / 6 },
    ]);
  });

  it('that never committed in one of the partitions holds that one too', async () => {
    const log = grown();
    log.commit('alert', topic, 9, 0);
    expect(await stalledReaders(log, still)).toMatchObject([{ behind: 9, waitingSince: hour / 6 }]);
  });

  it('that is a little behind is not', async () => {
    const log = grown();
    log.commit('alert', topic, 7, 0);
    log.commit('alert', topic, 7, 1);
    expect(await stalledReaders(log, still)).toEqual([]);
  });

  it('that moves while it is looked at is catching up', async () => {
    const log = grown();
    log.commit('alert', topic, 2, 0);
    log.commit('alert', topic, 2, 1);
    const moves = () => {
      log.commit('alert', topic, 3, 0);
      log.commit('alert', topic, 3, 1);
      return Promise.resolve();
    };
    expect(await stalledReaders(log, moves)).toEqual([]);
  });

  it('of a topic that is gone, or of which retention took what it had not read, holds nothing', async () => {
    const log = grown();
    log.commit('alert', topic, 2, 0);
    log.commit('alert', topic, 2, 1);
    log.commit('alert', 'gone.v1', 2);
    log.expire(topic, 9, 0);
    log.expire(topic, 9, 1);
    expect(await stalledReaders(log, still)).toEqual([]);
  });
});

describe('of what planners ask for', () => {
  it('a data directory without a database says what makes one', async () => {
    const { says } = await plannersOf(join(tmpdir(), 'signpost-not-there'));
    expect(says).toContain('`signpost up` makes it');
  });

  it('insights that are not counted yet are told, in both topics it reads', async () => {
    const partition = (start: number, end: number) => [{ partition: 0, start, end, bytes: 0 }];
    const log = {
      topics: async () => [
        { name: 'insights.shared.v1', partitions: partition(0, 1_500) },
        { name: 'insights.revised.v1', partitions: partition(0, 4) },
        { name: 'records.dropped.v1', partitions: partition(0, 70) },
      ],
      committed: async () => [
        { group: 'signpost.aggregate', topic: 'insights.shared.v1', partition: 0, offset: 300 },
        { group: 'signpost.publish', topic: 'insights.shared.v1', partition: 0, offset: 1_500 },
      ],
    };
    expect(await howFar(log as never, 'start it')).toBe(
      '1,204 insights wait to be counted: start it',
    );
  });
});
