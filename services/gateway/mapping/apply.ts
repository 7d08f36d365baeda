// Records → inputs, by a mapping compiled once for a file. The result depends on nothing but the record,
// the mapping and the clock handed in, so a file read again gives the same inputs and the same ids.
import type { RawRecord } from '../files/csv.ts';
import { boundRaw, type Fail, type Flaw, type ImportReason } from '../files/import-reason.ts';
import type { Mapping } from './mapping.ts';
import { createFieldCompiler, type CompileContext } from './compile-fields.ts';
import { targetOf } from './targets.ts';

export type ReadResult =
  | {
      readonly ok: true;
      readonly line: number;
      readonly input: Record<string, unknown>;
      /** The record as it stands in the file. */
      readonly raw: string;
    }
  | {
      readonly ok: false;
      /** The record's first line. */
      readonly line: number;
      readonly reason: ImportReason;
      readonly detail: string;
      /** The record as it stands in the file, at most 64 KB of it. */
      readonly raw: string;
    };

/** Compiles a mapping for a file with this header; every mapped column must be in it. */
export function compileMapping(
  mapping: Mapping,
  context: CompileContext,
): (record: RawRecord) => ReadResult {
  const failures: Flaw[] = [];
  const fail: Fail = (reason, detail) => {
    failures.push({ reason, detail });
    return undefined;
  };
  const compiler = createFieldCompiler(mapping, context, fail);
  const steps = Object.entries(mapping.fields).map(([name, spec]) => {
    const [group, key] = splitTarget(name);
    return { group, key, read: compiler.field(name, spec, targetOf(mapping.kind, name)) };
  });
  const { read: readTime, precision } = compiler.time(
    'time',
    mapping.time.column,
    mapping.time,
    'past',
  );
  const readNotes = mapping.notes && compiler.notes(mapping.notes.each, mapping.notes.fields);

  return (record) => {
    if (record.kind === 'flaw') return bad(record, record.flaw);
    failures.length = 0;
    const input: Record<string, unknown> = {};
    const groups: Record<string, Record<string, unknown>> = {};
    for (const { group, key, read } of steps) {
      const value = read(record);
      if (value === undefined) continue;
      if (group === undefined) input[key] = value;
      else {
        const inner = (groups[group] ??= {});
        inner[key] = value;
        input[group] = inner;
      }
    }
    const occurredAt = readTime(record);
    input['occurredAt'] = occurredAt;
    input['timePrecision'] = precision();
    if (readNotes !== undefined) {
      const notes = readNotes(record);
      if (notes !== undefined) input['notes'] = notes;
    }
    const [failure] = failures;
    if (failure !== undefined) return bad(record, failure);
    if (input['id'] === undefined) return bad(record, noId);
    if (occurredAt === undefined) return bad(record, noTime);
    return { ok: true, line: record.line, input, raw: record.raw };
  };
}

function splitTarget(name: string): [group: string | undefined, key: string] {
  const dot = name.indexOf('.');
  return dot < 0 ? [undefined, name] : [name.slice(0, dot), name.slice(dot + 1)];
}

const noId: Flaw = { reason: 'missing-id', detail: 'the id is empty' };
const noTime: Flaw = { reason: 'missing-time', detail: 'the time is empty' };

function bad(record: RawRecord, { reason, detail }: Flaw): ReadResult {
  return { ok: false, line: record.line, reason, detail, raw: boundRaw(record.raw) };
}
