// Makes kafkajs's own consumers `read_committed` where aborted transactions overlap, for the whole process. A broker
// lists them in the order they ended, and several may have begun before the first record fetched; kafkajs takes the list
// as ordered by beginnings and steps into one at a record, so records of others come through
// (kafkajs/src/consumer/filterAbortedMessages.js; Kafka's own client sorts the list, `CompletedFetch`).
import { createRequire } from 'node:module';

interface Message {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
  isControlRecord: boolean;
}

interface FetchedPartition {
  readonly messages: readonly Message[];
  abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[];
}

interface BrokerPrototype {
  fetch(
    this: unknown,
    request: unknown,
  ): Promise<{
    readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
  }>;
}

const mended = Symbol.for('signpost.read-committed-mended');

/** Once for a process; again does nothing. */
export function mendReadCommitted(): void {
  const broker = createRequire(import.meta.url)('kafkajs/src/broker') as {
    prototype: BrokerPrototype;
    [mended]?: true;
  };
  if (broker[mended]) return;
  broker[mended] = true;
  // oxlint-disable-next-line typescript/unbound-method -- it is called on a broker
  const fetchAll = broker.prototype.fetch;
  broker.prototype.fetch = async function fetchCommitted(request) {
    const answer = await fetchAll.call(this, request);
    for (const { partitions } of answer.responses) partitions.forEach(hideAborted);
    return answer;
  };
}

/** Has aborted records pass for markers: those are not delivered, and offsets move past them. */
function hideAborted(partition: FetchedPartition): void {
  const aborted = (partition.abortedTransactions ?? [])
    .map(({ producerId, firstOffset }) => ({ producerId, firstOffset: BigInt(firstOffset) }))
    .toSorted((a, b) => Number(a.firstOffset - b.firstOffset));
  if (aborted.length === 0) return;
  partition.abortedTransactions = [];
  const aborting = new Set<string>();
  let begun = 0;
  for (const message of partition.messages) {
    const offset = BigInt(message.offset);
    for (; begun < aborted.length && aborted[begun]!.firstOffset <= offset; begun += 1)
      aborting.add(aborted[begun]!.producerId);
    const { producerId, inTransaction } = message.batchContext;
    if (message.isControlRecord) {
      if (isAbortMarker(message)) aborting.delete(producerId);
    } else if (inTransaction && aborting.has(producerId)) message.isControlRecord = true;
  }
}

/** A control record's key is a version and a type, two bytes each; type 0 aborts, 1 commits. */
function isAbortMarker({ key }: Message): boolean {
  return key !== null && key.length >= 4 && key.readUInt16BE(2) === 0;
}
