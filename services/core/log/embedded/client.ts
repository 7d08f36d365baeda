// A log whose file another thread owns: encodes and decodes here, asks there. Any number of threads may hold one each.
import type { MessagePort } from 'node:worker_threads';
import { SignpostError } from '../../errors.ts';
import type { Log, OutgoingRecord } from '../port.ts';
import type { EntityPayloads } from '../entity-payloads.ts';
import { createCaller } from './caller.ts';
import { hashed } from './claim-message.ts';
import { decodeChunks } from './decode-chunks.ts';
import { buffersOfParts, createRecordRouter } from './record-router.ts';
import type { Encode, Place } from './record-router.ts';
import { subscribe } from './subscription.ts';

/** What this log can do beside: what an erasure needs of it. */
export interface EmbeddedClient extends Log, EntityPayloads {
  /** Deletes what is past its retention at once; when resolved, its bytes are in no file of the log. */
  forget(): Promise<void>;
}

/** Entities asked for together. */
const entitiesAtOnce = 200;

/**
 * A client of the log behind `port`, as handed out by `EmbeddedLog.connect`; closing it closes this client alone.
 * @param whyClosed asked when the port closed: what is refused then; `log-closed` by default.
 */
export function connectEmbeddedLog(
  port: MessagePort,
  whyClosed?: () => Promise<SignpostError>,
): EmbeddedClient {
  const caller = createCaller(port, whyClosed);
  const router = createRecordRouter(Math.random);

  const encode: Encode = async (records, placed) => {
    const run = router.begin();
    for (const record of records) {
      const { topic } = record;
      if (!router.knows(topic)) {
        const layout = await caller.call('layout', { topic }).answer;
        if (layout === null) throw new SignpostError('unknown-topic', `There is no topic ${topic}`);
        router.know(layout);
      }
      run.add(record);
      placed?.(run.last);
    }
    return run.finish();
  };

  return {
    topics: () => caller.call('topics', {}).answer,
    committed: () => caller.call('committed', {}).answer,
    checkpoint: (key) => caller.call('checkpoint', { key }).answer,
    async ensureTopics(specs) {
      // What is handed in may be a whole topic with its codec, which no message can carry.
      const plain = specs.map(({ name, partitions, retentionMs, retentionBytes }) => ({
        name,
        partitions,
        retentionMs,
        ...(retentionBytes === undefined ? {} : { retentionBytes }),
      }));
      await caller.call('ensureTopics', { specs: plain }).answer;
    },
    async read(topic, partition, offset, limits = {}) {
      const { chunks, ...rest } = await caller.call('read', { topic, partition, offset, limits })
        .answer;
      return { records: decodeChunks(chunks, topic, partition), ...rest };
    },
    async append(records, { checkpoints } = {}) {
      const places: Place[] = [];
      const parts = await encode(records, ({ part, partition, index }) =>
        places.push({ part, partition, index }),
      );
      const { baseOffsets } = await caller.call(
        'append',
        { parts, checkpoints },
        buffersOfParts(parts),
      ).answer;
      return places.map(({ part, partition, index }, i) => ({
        topic: (records[i] as OutgoingRecord).topic,
        partition,
        offset: (baseOffsets[part] as number) + index,
      }));
    },
    subscribe: (options) => subscribe(caller, encode, options),
    async rewriteEntities(entities, change) {
      let changed = 0;
      for (let at = 0; at < entities.length; at += entitiesAtOnce) {
        const ids = entities.slice(at, at + entitiesAtOnce).map(hashed);
        const found = await caller.call('entityPayloads', { entities: ids.join('') }).answer;
        const changes = ids.flatMap((entity, index) => {
          const payloads = new Map<string, Uint8Array>();
          for (const { id, payload } of found[index] ?? []) {
            const next = change(payload);
            if (next !== payload) payloads.set(id, next);
          }
          changed += payloads.size;
          return payloads.size === 0 ? [] : [{ entity, payloads }];
        });
        if (changes.length > 0) await caller.call('rewriteEntities', { changes }).answer;
      }
      return changed;
    },
    async forget() {
      await caller.call('forget', {}).answer;
    },
    async close() {
      caller.close();
    },
  };
}
