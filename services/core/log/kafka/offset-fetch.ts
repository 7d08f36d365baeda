// Where a group stands, asked so that no transaction is overlooked that was decided and is not carried out yet: a
// coordinator that has just taken over may know of such a commit less than it once acknowledged (KIP-447).
// https://kafka.apache.org/protocol.html#The_Messages_OffsetFetch
import { SignpostError } from '../../errors.ts';
import type { Brokers } from './brokers.ts';
import { protocolError } from './kafkajs-internals.ts';
import type { At } from './offsets.ts';
import { send } from './requests.ts';
import {
  putVarint,
  readInt16,
  readInt32,
  readInt64,
  readVarint,
  reserve,
  writeBytes,
  writeInt32,
  writeInt8,
  type WireReader,
  type WireWriter,
} from './wire-format.ts';

const UNSTABLE_OFFSET_COMMIT = 88;

/**
 * OffsetFetch v7 with `require_stable`. Topic and group are named as on the cluster.
 * @returns undefined when the group has committed nothing there.
 * @throws SignpostError `log-unavailable` while a transaction that commits there is not finished: ask again.
 */
export async function stableOffsetOf(
  brokers: Brokers,
  group: string,
  { topic, partition }: At,
): Promise<number | undefined> {
  const coordinator = await brokers.coordinatorOf('group', group);
  const { offset, errorCode } = await send(
    coordinator,
    { apiKey: 9, apiVersion: 7, apiName: 'OffsetFetch' },
    (writer) => {
      // The end of the header, which kafkajs writes without tagged fields.
      writeInt8(writer, 0);
      writeCompact(writer, group);
      writeUnsigned(writer, 2);
      writeCompact(writer, topic);
      writeUnsigned(writer, 2);
      writeInt32(writer, partition);
      writeInt8(writer, 0);
      writeInt8(writer, 1);
      writeInt8(writer, 0);
    },
    readStanding,
  );
  if (errorCode === UNSTABLE_OFFSET_COMMIT) {
    throw new SignpostError(
      'log-unavailable',
      `A transaction that commits ${topic}/${partition} for ${group} is not finished`,
      {
        hint: 'It is tried again. If it goes on, kafka-transactions.sh find-hanging tells whose it is.',
      },
    );
  }
  if (errorCode !== 0) throw protocolError(errorCode);
  return offset < 0 ? undefined : offset;
}

/** Of the one partition that was asked for; the error of the whole answer where there is one. */
function readStanding(reader: WireReader): { readonly offset: number; readonly errorCode: number } {
  skipTags(reader);
  readInt32(reader);
  let offset = -1;
  let errorCode = 0;
  for (let topics = readUnsigned(reader); topics > 1; topics -= 1) {
    skipCompact(reader);
    for (let partitions = readUnsigned(reader); partitions > 1; partitions -= 1) {
      readInt32(reader);
      offset = readInt64(reader);
      readInt32(reader);
      skipCompact(reader);
      errorCode = readInt16(reader);
      skipTags(reader);
    }
    skipTags(reader);
  }
  const whole = readInt16(reader);
  return { offset, errorCode: whole === 0 ? errorCode : whole };
}

/** Lengths and counts stand one higher; 0 is null. */
function writeCompact(writer: WireWriter, text: string): void {
  const bytes = Buffer.from(text);
  writeUnsigned(writer, bytes.length + 1);
  writeBytes(writer, bytes);
}

function skipCompact(reader: WireReader): void {
  const bytes = readUnsigned(reader) - 1;
  reader.at += Math.max(0, bytes);
}

function skipTags(reader: WireReader): void {
  for (let tags = readUnsigned(reader); tags > 0; tags -= 1) {
    readUnsigned(reader);
    const bytes = readUnsigned(reader);
    reader.at += bytes;
  }
}

/** An unsigned varint, as the zigzag one that has the same bytes. */
function writeUnsigned(writer: WireWriter, value: number): void {
  reserve(writer, 10);
  const same = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  writer.length = putVarint(writer.buffer, writer.length, same);
}

function readUnsigned(reader: WireReader): number {
  const value = readVarint(reader);
  return value >= 0 ? value * 2 : value * -2 - 1;
}
