// Transitions on alerts.raised.v1: in their order, each once, whoever publishes and whatever is cut off.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { openEmbeddedLog, type EmbeddedLog } from '#core/log/embedded/open.ts';
import type { Log } from '#core/log/port.ts';
import type { Db } from '#core/store/postgres.ts';
import { publishNext } from '../../services/alert/publish-alerts.ts';
import { alertsRaised } from '../../services/topology.ts';
import { burst, createAlertWorld, emptyAlerts, transitionsIn } from '../support/alert-world.ts';
import { freshDatabases } from '../support/fresh-database.ts';

const holders = ['a', 'b'].map((each) => each.repeat(8) + '-0000-4000-8000-000000000000');
const clock = () => performance.now();

describe.each(freshDatabases)('on %s', (_, open) => {
  let db: Db;
  let log: EmbeddedLog;
  let directory: string;
  beforeAll(async () => {
    db = await open();
  }, 60_000);
  afterAll(() => db.close());
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'signpost-alert-publishing-'));
    log = await openEmbeddedLog({ directory });
    await log.ensureTopics([alertsRaised]);
    await emptyAlerts(db);
    const world = createAlertWorld(db);
    await world.project([...burst(0, 1), ...burst(1, 6), ...burst(5, 7)]);
    await world.evaluateTo(8);
    return async () => {
      await log.close();
      rmSync(directory, { recursive: true, force: true });
    };
  });

  const publish = (holder = holders[0]!, on: Pick<Log, 'append' | 'checkpoint'> = log) =>
    publishNext({ db, log: on, holder, clock });
  async function onTopic() {
    const records = [];
    for (const { name, partitions } of await log.topics()) {
      for (const { partition, end } of partitions) {
        const read = await log.read(name, partition, 0, { maxRecords: end });
        records.push(...read.records);
      }
    }
    return records;
  }

  it('they are published once, by incident, in the order of the store', async () => {
    expect(await publish()).toBe(4);
    expect(await publish()).toBe(0);
    const records = await onTopic();
    const alerts = records.map(({ value }) => alertsRaised.codec.decode(value!));
    const stored = (await transitionsIn(db)).map(({ record }) => record);
    expect(alerts).toEqual(stored);
    expect(new Set(records.map(({ key }) => key)).size).toBe(1);
    expect(records[0]!.headers).toMatchObject({ ce_source: '/alerts/detector' });
  });

  it('an answer of the log that was lost makes none come twice', async () => {
    const losing: Pick<Log, 'append' | 'checkpoint'> = {
      checkpoint: (key) => log.checkpoint(key),
      async append(records, options) {
        await log.append(records, options);
        throw new SignpostError('log-unavailable', 'The answer was lost');
      },
    };
    await expect(publish(holders[0], losing)).rejects.toMatchObject({ code: 'log-unavailable' });
    expect(await publish()).toBe(0);
    expect(await onTopic()).toHaveLength(4);
  });

  it('two processes do not publish at once, and one takes over when the time of the other is up', async () => {
    expect(await publish(holders[0])).toBe(4);
    expect(await publish(holders[1])).toBeNull();
    await sql`UPDATE signpost.leases SET until = now() - interval '1 second'`.execute(db.query);
    expect(await publish(holders[1])).toBe(0);
    expect(await publish(holders[0])).toBeNull();
  });

  it('one that was stopped for long after its turn began appends nothing', async () => {
    let calls = 0;
    const slow = () => (calls++ === 0 ? 0 : 60_000);
    expect(await publishNext({ db, log, holder: holders[0]!, clock: slow })).toBeNull();
    expect(await onTopic()).toEqual([]);
  });

  it('a database that is made anew publishes its own from the first on', async () => {
    await publish();
    await emptyAlerts(db);
    const world = createAlertWorld(db);
    await world.project([...burst(0, 1), ...burst(30, 6)]);
    await world.evaluateTo(32);
    expect(await publish()).toBe(2);
  });
});
