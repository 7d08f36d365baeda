// Every record with its codec and samples, for tests that hold for all of them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertCodec } from '#schemas/alert.ts';
import { communityPostCodec } from '#schemas/community-post.ts';
import { droppedRecordCodec } from '#schemas/dropped-record.ts';
import { insightCodec } from '#schemas/insight.ts';
import { judgementCodec } from '#schemas/judgement.ts';
import { rejectedRecordCodec } from '#schemas/rejected-record.ts';
import { signalCodec } from '#schemas/signal.ts';
import { surveyAnswerCodec } from '#schemas/survey-answer.ts';
import { ticketAggregateCodec } from '#schemas/ticket-aggregate.ts';
import { troubleTicketCodec } from '#schemas/trouble-ticket.ts';
import type { Codec } from '#core/codec.ts';
import { type Golden, sampleValue } from '../../scripts/schemas/golden.ts';
import { readSchemas } from '../../scripts/schemas/source.ts';

export const schemasRoot = join(import.meta.dirname, '../../schemas');
export const source = readSchemas(schemasRoot);

const codecs = [
  alertCodec,
  communityPostCodec,
  droppedRecordCodec,
  insightCodec,
  judgementCodec,
  rejectedRecordCodec,
  signalCodec,
  surveyAnswerCodec,
  ticketAggregateCodec,
  troubleTicketCodec,
] as unknown as readonly Codec<unknown>[];

export const records = source.records.map((record) => {
  const codec = codecs.find(({ recordName }) => recordName === record.fullName);
  if (codec === undefined) throw new Error(`${record.record} is missing in this list`);
  const golden = JSON.parse(
    readFileSync(join(schemasRoot, record.record, `v${record.version}.golden.json`), 'utf8'),
  ) as Golden;
  const samples = record.samples.map((sample) => ({
    name: sample.name,
    value: sampleValue(record.fullName, sample, source.types),
    golden: Buffer.from(golden[sample.name] ?? '', 'hex'),
  }));
  return { ...record, codec, samples };
});

export const cases = records.flatMap((record) =>
  record.samples.map((sample) => ({
    ...record,
    sample,
    title: `${record.record}: ${sample.name}`,
  })),
);
