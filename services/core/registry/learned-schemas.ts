// Schemas of other releases that records were met of, by id; one table for the thread, as codecs are one for the thread.
// What it holds is bounded, whatever ids records claim.
import { parseShape, type RecordShape } from './avro-shape.ts';

/** Signpost has ten records; a thousand versions of other releases are more than will ever be. */
const mostSchemas = 1000;

const learned = new Map<number, RecordShape>();

/**
 * Lets codecs read records of schema `id`, written by another release. The first to come stays.
 * @throws Error naming the place when it is no schema that codecs can read.
 */
export function learnSchema(id: number, text: string): void {
  if (learned.has(id)) return;
  if (learned.size >= mostSchemas) throw new Error(`more than ${mostSchemas} unknown schemas`);
  learned.set(id, parseShape(text));
}

export function learnedSchema(id: number): RecordShape | undefined {
  return learned.get(id);
}
