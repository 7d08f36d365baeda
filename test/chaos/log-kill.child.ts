// The process that log-kill.test.ts kills: appends numbers, says which are acknowledged, and passes them on with claims.
import { writeSync } from 'node:fs';
import { connectEmbeddedLog } from '../../services/core/log/embedded/client.ts';
import { openEmbeddedLog } from '../../services/core/log/embedded/open.ts';
import type { Log } from '../../services/core/log/port.ts';

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const KEYS = 7;
const [directory = '', limit = '0'] = process.argv.slice(2);

const log = await openEmbeddedLog({ directory });
await log.ensureTopics([
  { name: 'in', partitions: 3, retentionMs: YEAR_MS },
  { name: 'out', partitions: 2, retentionMs: YEAR_MS },
]);
await Promise.all([produce(log), passOn(connectEmbeddedLog(log.connect()))]);
await log.close();

/** Appends from where it came to; every number twice, as an impatient sender does. */
async function produce(to: Log): Promise<void> {
  for (let from = Number(await to.checkpoint('at')); from < Number(limit);) {
    const count = 1 + (from % 40);
    const records = Array.from({ length: count * 2 }, (_, i) => {
      const n = from + Math.floor(i / 2);
      return {
        topic: 'in',
        key: `key-${n % KEYS}`,
        value: Uint8Array.from(Buffer.from(String(n))),
        headers: { ce_id: String(n) },
        timestamp: Date.now(),
      };
    });
    from += count;
    await to.append(records, { checkpoints: { at: String(from) } });
    writeSync(1, `${from}\n`);
  }
}

async function passOn(from: Log): Promise<void> {
  const subscription = await from.subscribe({ group: 'g', topics: ['in'], maxRecords: 50 });
  while (!(await isDone(from))) {
    const batch = await subscription.next(AbortSignal.timeout(20));
    if (batch === null) continue;
    const outcomes = await batch.claim(
      batch.records.map(({ headers, offset }) => ({
        id: headers['ce_id'] ?? '',
        content: '',
        offset,
        entity: `entity-${Number(headers['ce_id']) % 50}`,
        payload: Uint8Array.from([1]),
      })),
    );
    await batch.commit(
      batch.records
        .filter((record, i) => outcomes[i]?.owner.offset === record.offset)
        .map((record) => ({ ...record, topic: 'out' })),
    );
  }
}

async function isDone(from: Log): Promise<boolean> {
  if (Number(await from.checkpoint('at')) < Number(limit)) return false;
  const committed = await from.committed();
  const partitions = (await from.topics()).find(({ name }) => name === 'in')?.partitions ?? [];
  return partitions.every(
    ({ partition, end }) =>
      end === 0 || committed.some((each) => each.partition === partition && each.offset === end),
  );
}
