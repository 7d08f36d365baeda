// Senders of a storm: each has keys of its own, sends what is next of them and repeats it until it is acknowledged,
// wherever a gateway answers by then. One writes to Kafka directly, as another producer would.
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import avsc from 'avsc';
import type { Kafka, Producer } from 'kafkajs';
import { readFileSync } from 'node:fs';
import type { JournalWriter } from '../../test/support/journal.ts';
import {
  conflicting,
  eventOf,
  kinds,
  source,
  undecodable,
  type Event,
  type Kind,
} from './events.ts';

export interface SendersOptions {
  readonly events: number;
  readonly keys: number;
  /** Events are sent no faster than evenly over so long. */
  readonly durationMs: number;
  readonly random: () => number;
  readonly journal: JournalWriter;
  /** Of the gateways that run. */
  readonly urls: () => readonly string[];
  readonly kafka: Kafka;
  /** Where `schemas/` stands. */
  readonly root: string;
  readonly signal: AbortSignal;
}

export interface Senders {
  /** Resolves when all is acknowledged, or `signal` aborts. @throws Error when a gateway answers what it must not. */
  run(): Promise<void>;
  readonly acknowledged: number;
  /** Attempts that got no answer, or were told to come again. */
  readonly repeated: number;
  /** Answers 503. */
  readonly refused: number;
}

const MOST_IN_BATCH = 60;
const ANSWER_MS = 5_000;
/** Of a lane's first request: it goes away before it is answered and sends again, whether or not a strike makes others do so. */
const HASTY_MS = 2;
/** Two of each kind over HTTP, and one that writes posts to Kafka. */
const LANES = 7;

export function createSenders(options: SendersOptions): Senders {
  const { events, keys, durationMs, random, journal, urls, signal } = options;
  let acknowledged = 0;
  let started = 0;
  let repeated = 0;
  let refused = 0;

  /** Once, by HTTP. @returns whether it was taken, as far as one knows who waits for the answer no longer than that. */
  async function post(
    kind: Kind,
    batch: readonly Event[],
    patienceMs = ANSWER_MS,
  ): Promise<boolean> {
    const all = urls();
    const url = all[Math.floor(random() * all.length)];
    if (url === undefined) return false;
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${url}/v1/${kind}?source=${source}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(batch.map(({ body }) => body)),
        signal: AbortSignal.any([AbortSignal.timeout(patienceMs), signal]),
      });
      text = await response.text();
    } catch {
      return false;
    }
    const { status } = response;
    if (status === 202) {
      const { accepted } = JSON.parse(text) as { accepted: number };
      if (accepted !== batch.length) throw new Error(`A gateway took ${accepted}: ${text}`);
      return true;
    }
    // On a machine that starves, a request may come in pieces half a minute apart.
    if (status === 408) return false;
    if (status !== 503 || !/^\d+$/.test(response.headers.get('retry-after') ?? ''))
      throw new Error(`A gateway answered ${status}: ${text}`);
    refused += 1;
    return false;
  }

  async function until(batch: readonly Event[], send: () => Promise<boolean>): Promise<void> {
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      journal.sending(batch);
      if (await send()) {
        await journal.acknowledged(batch);
        return;
      }
      repeated += 1;
      await pause(Math.min(500, 20 * 2 ** attempt));
    }
  }

  async function lane(index: number): Promise<void> {
    const kind = index === LANES - 1 ? 'posts' : kinds[index % kinds.length]!;
    const own = Array.from({ length: keys }, (_, key) => key).filter(
      (key) => key % LANES === index,
    );
    const direct = index === LANES - 1 ? createDirect(options) : undefined;
    let patienceMs = HASTY_MS;
    const send = (batch: readonly Event[]): Promise<boolean> => {
      if (direct !== undefined) return direct.send(batch);
      const sent = post(kind, batch, patienceMs);
      patienceMs = ANSWER_MS;
      return sent;
    };
    const rounds = Math.ceil(events / keys);
    try {
      for (let seq = 1; seq <= rounds && !signal.aborted; seq += 1) {
        const due = own.filter((key) => (seq - 1) * keys + key < events);
        while (due.length > 0 && !signal.aborted) {
          const batch = due
            .splice(0, 1 + Math.floor(random() * MOST_IN_BATCH))
            .map((key) => said(kind, key, seq, direct !== undefined));
          started += batch.length;
          await pace();
          await until(batch, () => send(batch));
          acknowledged += batch.length;
          if (random() < 0.05) await until(batch, () => send(batch));
          const [first] = batch;
          const other =
            direct === undefined && random() < 0.05
              ? conflicting(kind, Number(/\d+$/.exec(first!.key)), seq)
              : undefined;
          if (other !== undefined) await until([other], () => post(kind, [other]));
        }
      }
    } finally {
      await direct?.close();
    }
  }

  const begun = performance.now();
  async function pace(): Promise<void> {
    const dueMs = (started / events) * durationMs;
    const elapsedMs = performance.now() - begun;
    if (dueMs > elapsedMs) await pause(dueMs - elapsedMs, undefined, { signal }).catch(() => {});
  }

  return {
    get acknowledged() {
      return acknowledged;
    },
    get repeated() {
      return repeated;
    },
    get refused() {
      return refused;
    },
    async run() {
      await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
    },
  };
}

/** Every seventh of a key that goes to Kafka directly is no Avro. */
function said(kind: Kind, key: number, seq: number, isDirect: boolean): Event {
  const event = eventOf(kind, key, seq);
  return isDirect && (key + seq) % 7 === 0
    ? { ...event, mark: undecodable, fate: 'undecodable' }
    : event;
}

interface Direct {
  send(batch: readonly Event[]): Promise<boolean>;
  close(): Promise<void>;
}

/** A producer of somebody else: kafkajs and avsc as they are. It does not retry, so every attempt is ours. */
function createDirect({ kafka, root }: SendersOptions): Direct {
  const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const type = avsc.Type.forSchema(
    read('schemas/generated/avro/community-post.v1.avsc') as avsc.Schema,
  );
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE((read('schemas/ids.json') as Ids)['community-post']['1'], 1);
  const valueOf = ({ fate, body }: Event): Buffer => {
    if (fate === 'undecodable') return Buffer.concat([frame, Buffer.from([0xff, 0xff, 0xff])]);
    // Fields that are not stated get their defaults.
    const stated = { ...body, source, timePrecision: 'instant', receivedAt: Date.now(), place: {} };
    return Buffer.concat([frame, type.toBuffer(type.clone(stated))]);
  };
  let producer: Producer | undefined;
  return {
    async send(batch) {
      try {
        if (producer === undefined) {
          producer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } });
          await producer.connect();
        }
        await producer.send({
          topic: batch[0]!.topic,
          acks: -1,
          timeout: ANSWER_MS,
          messages: batch.map((event) => ({
            key: event.key,
            value: valueOf(event),
            headers: { ce_id: event.id, ce_source: source },
          })),
        });
        return true;
      } catch (error) {
        // A record that cannot be encoded would be retried for ever.
        if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) throw error;
        const old = producer;
        producer = undefined;
        await old?.disconnect().catch(() => {});
        return false;
      }
    },
    close: async () => {
      await producer?.disconnect();
    },
  };
}

interface Ids {
  readonly 'community-post': { readonly '1': number };
}
