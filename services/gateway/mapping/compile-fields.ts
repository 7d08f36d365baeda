// Single fields of a mapping → readers, compiled once for a file: where a value comes from, what is done to
// it, and the type it must then have.
import { createHash } from 'node:crypto';
import type { RawRecord } from '../files/csv.ts';
import { lengthOf, quoted, type Fail } from '../files/import-reason.ts';
import { decodeHtmlEntities } from './html-entities.ts';
import { readerOfPath, scalar } from './json-value.ts';
import {
  columnsOfTemplate,
  type FieldSpec,
  type TimeSpec,
  type ZoneSpec,
} from './mapping-schema.ts';
import type { Mapping } from './mapping.ts';
import { noteTargets, type TargetType } from './targets.ts';
import { createTimeReader, isPlausible } from './time.ts';

export interface CompileContext {
  /** Names the file by its content, for `$fileHash`. */
  readonly fileHash: string;
  readonly nowMs: () => number;
  /** The columns in file order; undefined for JSON lines. */
  readonly header: readonly string[] | undefined;
}

/** A record that has values, whatever the format. */
export type DataRecord = Exclude<RawRecord, { kind: 'flaw' }>;
type ReadText = (record: DataRecord) => string | undefined;
export type ReadValue = (record: DataRecord) => unknown;

const dayMs = 86_400_000;
// An expected resolution lies ahead, but not by generations.
const farthestAheadMs = 10 * 366 * dayMs;

export interface FieldCompiler {
  field(name: string, spec: FieldSpec, target: TargetType | undefined): ReadValue;
  time(
    name: string,
    column: string,
    spec: TimeSpec,
    side: 'past' | 'future',
  ): { read: (record: DataRecord) => number | undefined; precision: () => string };
  notes(each: string, fields: Readonly<Record<string, FieldSpec>>): ReadValue;
}

/**
 * Readers for one file. A reader that finds a value it cannot take calls `fail` and gives undefined; an
 * absent value is undefined alone.
 */
export function createFieldCompiler(
  mapping: Mapping,
  context: CompileContext,
  fail: Fail,
): FieldCompiler {
  function column(target: string, name: string, isId = false): ReadText {
    if (name === '$line') return ({ line }) => String(line);
    if (name === '$fileHash') return () => context.fileHash;
    if (name === '$recordHash') return ({ raw }) => hashText(raw);
    if (context.header === undefined) {
      const read = readerOfPath(name);
      return (record) => {
        if (record.kind !== 'object') return undefined;
        const value = read(record.object);
        return isId && typeof value === 'boolean'
          ? fail('unknown-value', `${target}: true or false is no id`)
          : scalar(target, value, fail);
      };
    }
    const index = context.header.indexOf(name);
    return (record) => (record.kind === 'cells' ? record.cells[index] : undefined);
  }

  function source(target: string, spec: FieldSpec, isId: boolean): ReadText {
    if (spec.template === undefined) return cleaned(column(target, spec.column ?? '', isId), spec);
    const readers = columnsOfTemplate(spec.template).map((name) =>
      cleaned(column(target, name), spec),
    );
    const between = spec.template.split(/\{[^{}]+\}/);
    return (record) => {
      let text = between[0] ?? '';
      for (let index = 0; index < readers.length; index += 1) {
        const part = readers[index]?.(record);
        // A part that is missing leaves nothing that could be told from another record's.
        if (part === undefined) return undefined;
        text += part + (between[index + 1] ?? '');
      }
      return text;
    };
  }

  function field(name: string, spec: FieldSpec, target: TargetType | undefined): ReadValue {
    if (target?.type === 'past' || target?.type === 'future')
      return time(name, spec.column ?? '', { ...mapping.time, ...timeOf(spec) }, target.type).read;
    const toValue = converter(name, spec, target, fail);
    if (spec.constant !== undefined) {
      const { constant } = spec;
      return () => toValue(constant);
    }
    const read = source(name, spec, target?.type === 'id');
    const fallback = spec.default;
    const choose = valuesOf(name, spec, fail);
    return (record) => {
      const found = read(record);
      if (found === undefined) return fallback === undefined ? undefined : toValue(fallback);
      const chosen = choose === undefined ? found : choose(found);
      return chosen === undefined ? undefined : toValue(chosen);
    };
  }

  function time(
    name: string,
    columnName: string,
    spec: TimeSpec,
    side: 'past' | 'future',
  ): ReturnType<FieldCompiler['time']> {
    const readText = column(name, columnName);
    const reader = createTimeReader(spec.format);
    const zoneOf = readerOfZone(spec.zone);
    const latest = side === 'past' ? dayMs : farthestAheadMs;
    const read = (record: DataRecord): number | undefined => {
      const text = readText(record)?.trim();
      if (text === undefined || text === '') return undefined;
      const zone = zoneOf(record);
      const found = reader.read(text, zone);
      if (typeof found === 'number' && isPlausible(found, context.nowMs() + latest)) return found;
      const reason = typeof found === 'number' ? 'implausible-time' : found;
      return fail(reason, `${name}: ${whatIsWrong[reason](spec.format)} (${lengthOf(text)})`);
    };
    return { read, precision: () => reader.precision() };
  }

  function readerOfZone(spec: ZoneSpec | undefined): (record: DataRecord) => string | undefined {
    if (spec === undefined || typeof spec === 'string') return () => spec;
    const read = column('zone', spec.column);
    return (record) => {
      const value = read(record)?.trim() ?? '';
      const zone = spec.values.get(value);
      if (zone !== undefined) return zone;
      if (spec.other !== 'reject') return spec.other;
      return fail(
        'unknown-zone',
        `${spec.column}: the mapping gives no zone for this value (${lengthOf(value)})`,
      );
    };
  }

  function notes(each: string, fields: Readonly<Record<string, FieldSpec>>): ReadValue {
    const readList = readerOfPath(each);
    const steps = Object.entries(fields).map(
      ([name, spec]) => [name, field(`notes.${name}`, spec, noteTargets[name])] as const,
    );
    return (record) => {
      const list = record.kind === 'object' ? readList(record.object) : undefined;
      if (list === undefined || list === null) return undefined;
      if (!Array.isArray(list)) return fail('not-a-scalar', `notes: ${quoted(each)} is not a list`);
      return list.map((object: unknown) => {
        if (typeof object !== 'object' || object === null)
          return fail('not-a-scalar', `notes: an entry of ${quoted(each)} is not an object`);
        const one: DataRecord = { kind: 'object', line: record.line, raw: record.raw, object };
        const found = steps.map(([name, read]) => [name, read(one)] as const);
        return Object.fromEntries(found.filter(([, value]) => value !== undefined));
      });
    };
  }

  return { field, time, notes };
}

function timeOf({ format, zone }: FieldSpec): Partial<TimeSpec> {
  return { ...(format === undefined ? {} : { format }), ...(zone === undefined ? {} : { zone }) };
}

const whatIsWrong: Readonly<
  Record<'invalid-time' | 'time-without-zone' | 'implausible-time', (format: string) => string>
> = {
  'invalid-time': (format) => `is no time of the form ${format}, or no real date`,
  'time-without-zone': () => 'has no zone, and the mapping gives none',
  'implausible-time': () => 'lies before 1990 or too far in the future',
};

/** Trimming and the other changes to a text, in a fixed order; undefined when nothing is left. */
function cleaned(read: ReadText, spec: FieldSpec): ReadText {
  const { trim, dropSuffix, decode, pad } = spec;
  const empty = new Set(spec.empty);
  const isPlain = dropSuffix === undefined && decode === undefined && pad === undefined;
  return (record) => {
    let text = read(record);
    if (text === undefined) return undefined;
    if (trim) text = text.trim();
    if (text === '' || empty.has(text)) return undefined;
    if (isPlain) return text;
    if (dropSuffix !== undefined && text.endsWith(dropSuffix))
      text = text.slice(0, -dropSuffix.length);
    if (decode !== undefined) text = decodeHtmlEntities(text);
    if (pad !== undefined) text = text.padStart(pad.length, pad.with);
    return text === '' ? undefined : text;
  };
}

function valuesOf(
  name: string,
  spec: FieldSpec,
  fail: Fail,
): ((text: string) => string | undefined) | undefined {
  const { values, other } = spec;
  if (values === undefined) return undefined;
  return (text) => {
    const ours = values.get(text);
    if (ours !== undefined) return ours;
    if (other === 'keep') return text;
    if (other === 'absent') return undefined;
    return fail('unknown-value', `${name}: is not among the mapping’s values (${lengthOf(text)})`);
  };
}

const numberForm = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;

function converter(
  name: string,
  spec: FieldSpec,
  target: TargetType | undefined,
  fail: Fail,
): (text: string) => unknown {
  if (target?.type === 'number')
    return (text) => {
      const plain = spec.decimal === ',' ? text.replace(',', '.') : text;
      const isNumber = numberForm.test(plain) && !(spec.decimal === ',' && text.includes('.'));
      const value = isNumber ? Number(plain) : Number.NaN;
      return Number.isFinite(value)
        ? value
        : fail('not-a-number', `${name}: is no number (${lengthOf(text)})`);
    };
  if (target?.type !== 'choice') return (text) => text;
  const { choices } = target;
  return (text) =>
    choices.includes(text)
      ? text
      : fail('unknown-value', `${name}: is none of ${choices.join(', ')} (${lengthOf(text)})`);
}

function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
