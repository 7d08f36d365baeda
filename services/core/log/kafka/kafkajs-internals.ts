// The parts of kafkajs below its public face that the log needs: a cluster's brokers, and a socket to send a request
// of our own on. Tied to the one version in package-lock.json (kafkajs has long had no release); a test notices a change.
import { createRequire } from 'node:module';
import type { Kafka } from 'kafkajs';

export interface Broker {
  readonly nodeId: number | null;
  readonly connectionPool: {
    readonly host: string;
    readonly port: number;
    readonly pool: readonly {
      readonly requestQueue: { rejectAll(error: Error): void };
    }[];
    /** Sends on the broker's first connection, fetches on its second; connects when need be. */
    send<T>(request: WireRequest<T>): Promise<T>;
  };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  findGroupCoordinator(request: {
    groupId: string;
    coordinatorType: 0 | 1;
  }): Promise<{ coordinator: { nodeId: number } }>;
  listGroups(): Promise<{ groups: readonly { groupId: string }[] }>;
  listOffsets(request: {
    replicaId: -1;
    isolationLevel: 0 | 1;
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number; timestamp: number }[];
    }[];
  }): Promise<{
    responses: readonly {
      topic: string;
      partitions: readonly { partition: number; offset: string }[];
    }[];
  }>;
  offsetFetch(request: {
    groupId: string;
    topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
  }): Promise<{
    responses: readonly {
      topic: string;
      partitions: readonly { partition: number; offset: string }[];
    }[];
  }>;
  initProducerId(request: {
    transactionalId: string;
    transactionTimeout: number;
  }): Promise<ProducerIdentity>;
  addOffsetsToTxn(request: InTransaction & { groupId: string }): Promise<unknown>;
  txnOffsetCommit(
    request: InTransaction & {
      groupId: string;
      topics: readonly {
        topic: string;
        partitions: readonly { partition: number; offset: string; metadata: string | null }[];
      }[];
    },
  ): Promise<unknown>;
  endTxn(request: InTransaction & { transactionResult: boolean }): Promise<unknown>;
}

export interface ProducerIdentity {
  /** 64 bits, as kafkajs's Long. */
  readonly producerId: { toString(): string };
  readonly producerEpoch: number;
}

export interface InTransaction extends ProducerIdentity {
  readonly transactionalId: string;
}

export interface WireRequest<T> {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<Encoded>;
  };
  readonly response: {
    decode(payload: Buffer): Promise<object>;
    parse(decoded: object): Promise<T>;
  };
  /** Longest wait for the answer; the client's own by default. */
  readonly requestTimeout?: number;
  readonly logResponseError?: boolean;
}

/** kafkajs's encoder, which copies what it is given into the request. */
export interface Encoded {
  writeBufferInternal(bytes: Uint8Array): void;
}

/** Makes connections with the client's TLS, SASL and timeouts; who is connected to is ours to say. */
export interface BrokerMaker {
  readonly connectionPoolBuilder: {
    /** Of the next of the brokers in the settings when none is named. */
    build(at?: { host: string; port: number }): Promise<Broker['connectionPool']>;
  };
  readonly brokerPool: {
    readonly rootLogger: unknown;
    createBroker(options: {
      connectionPool: Broker['connectionPool'];
      logger: unknown;
      nodeId?: number;
    }): Broker;
  };
}

const require = createRequire(import.meta.url);
const Encoder = require('kafkajs/src/protocol/encoder') as new (bytes: number) => Encoded;
const { KafkaJSConnectionError } = require('kafkajs/src/errors') as {
  KafkaJSConnectionError: new (message: string, options: object) => Error;
};
const { createErrorFromCode } = require('kafkajs/src/protocol/error') as {
  createErrorFromCode: (code: number) => Error & { readonly type: string };
};
const RequestQueue = require('kafkajs/src/network/requestQueue') as {
  readonly prototype: {
    scheduleCheckPendingRequests(this: QueueState): void;
  };
};

interface QueueState {
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly pending: readonly unknown[];
  checkPendingRequests(): void;
}

export function brokerMakerOf(kafka: Kafka): BrokerMaker {
  const symbol = Object.getOwnPropertySymbols(kafka).find(
    ({ description }) => description === 'private:Kafka:createCluster',
  );
  const create =
    symbol === undefined
      ? undefined
      : (kafka as unknown as Record<symbol, (options: object) => BrokerMaker>)[symbol];
  if (create === undefined) throw new Error('This version of kafkajs makes clusters otherwise');
  return create({ allowAutoTopicCreation: false, isolationLevel: 1 });
}

/**
 * Closes the broker's connections now. Left to kafkajs, closing waits for every answer that is due, and has by then
 * stopped the clock that would give up on them: on a connection gone silent it waits for ever.
 */
export async function discard(broker: Broker): Promise<void> {
  const { host, port, pool } = broker.connectionPool;
  for (const { requestQueue } of pool) {
    requestQueue.rejectAll(
      new KafkaJSConnectionError('Connection given up', { broker: `${host}:${port}` }),
    );
  }
  await broker.disconnect().catch(() => undefined);
}

export function encoded(bytes: Uint8Array): Encoded {
  const encoder = new Encoder(bytes.length + 1);
  encoder.writeBufferInternal(bytes);
  return encoder;
}

/** The error of a code in a response, with its `type` as the protocol names it. */
export function protocolError(code: number): Error & { readonly type: string } {
  return createErrorFromCode(code);
}

/**
 * Mends kafkajs's queue of requests (tulios/kafkajs#1751): with nothing to wait for it asked for a timer in the past,
 * which Node warns of, and which fired every millisecond on every connection for ever.
 */
export function mendKafkajs(): void {
  RequestQueue.prototype.scheduleCheckPendingRequests = function (this: QueueState): void {
    if (this.throttleCheckTimeoutId !== null) return;
    if (this.pending.length === 0) return;
    const untilUnthrottledMs = this.throttledUntil - Date.now();
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      untilUnthrottledMs > 0 ? untilUnthrottledMs : 10,
    );
  };
}
