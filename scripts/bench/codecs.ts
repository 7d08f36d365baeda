// Measures encoding and decoding of a typical signal on one core, beside the Avro library on the same bytes.
import { join } from 'node:path';
import { type Signal, signalCodec } from '#schemas/signal.ts';
import { avroType } from '../schemas/compatibility.ts';
import { readSchemas } from '../schemas/source.ts';

const ROUNDS = 5;
const PER_ROUND = 200_000;

const source = readSchemas(join(import.meta.dirname, '../../schemas'));
const record = source.records.find(({ fullName }) => fullName === signalCodec.recordName);
if (record === undefined) throw new Error('no schema of Signal');
const signal = record.samples[0]?.record as unknown as Signal;
const framed = signalCodec.encode(signal);
const buffer = Buffer.from(framed);
const type = avroType(record.schema);

console.log(`a signal of ${framed.length} bytes, best of ${ROUNDS} rounds of ${PER_ROUND}`);
report('encode', () => signalCodec.encode(signal));
report('decode', () => signalCodec.decode(framed));
report('encode, avsc', () => type.toBuffer(signal));
report('decode, avsc', () => type.decode(buffer, 5));

function report(name: string, run: () => unknown): void {
  let best = 0;
  // Results live for a while, as those of a batch do.
  const kept: unknown[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let i = 0; i < PER_ROUND; i++) kept[i % 1000] = run();
    best = Math.max(best, (PER_ROUND / (performance.now() - start)) * 1000);
  }
  console.log(`${name.padEnd(14)} ${Math.round(best).toLocaleString('en')} per second`);
}
