// The form of a mapping file. Every scalar arrives as text (failsafe YAML) and is given its type here.
import { z } from 'zod';
import { inputKinds, noteTargets, targetNames, targetOf, type TargetType } from './targets.ts';
import { createTimeReader } from './time.ts';
import { isZone } from './zone.ts';

/** Columns that every record has without the file naming them. */
export const pseudoColumns = ['$line', '$fileHash', '$recordHash'] as const;

const text = z.string({ error: missingOr('must be text') });
const someText = text.min(1, 'must not be empty');

const flag = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((value) => value === 'true');

const values = z
  .record(text, text, 'must be a map of the file’s values to ours')
  .transform((map) => new Map(Object.entries(map)));

const zoneName = someText.refine(isZone, {
  error: 'is no time zone; name one such as Africa/Nairobi, UTC or +05:30',
});

/** A zone for all, or by the value of a column. */
const zone = z.union(
  [
    zoneName,
    strict({
      column: someText,
      values: z
        .record(text, zoneName, 'must be a map of the column’s values to zones')
        .transform((map) => new Map(Object.entries(map))),
      other: z.union([z.literal('reject'), zoneName]).default('reject'),
    }),
  ],
  { error: 'must be a time zone, such as Africa/Nairobi, or a map: column, values, other' },
);

const format = someText.max(64).superRefine((value, context) => {
  try {
    createTimeReader(value);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    context.addIssue({
      code: 'custom',
      message: `${message} (or use iso, epoch-seconds, epoch-milliseconds)`,
    });
  }
});

const template = someText.max(1000).refine((value) => /\{[^{}]+\}/.test(value), {
  error: 'must hold at least one {column}; for fixed text use constant',
});

const fieldShape = {
  column: someText.optional(),
  constant: someText.optional(),
  template: template.optional(),
  default: someText.optional(),
  trim: flag.default(true),
  empty: z.array(text, 'must be a list').default(['']),
  dropSuffix: someText.optional(),
  decode: z.enum(['html-entities'], { error: 'can only be html-entities' }).optional(),
  pad: strict({
    length: z.coerce.number('must be a number').int().min(1).max(64),
    with: text.length(1, 'must be one character').default('0'),
  }).optional(),
  values: values.optional(),
  other: z
    .enum(['reject', 'keep', 'absent'], { error: 'must be reject, keep or absent' })
    .default('reject'),
  decimal: z.enum(['.', ','], { error: 'must be . or ,' }).default('.'),
  format: format.optional(),
  zone: zone.optional(),
};

const field = z.preprocess(
  (value) => (typeof value === 'string' ? { column: value } : value),
  strict(fieldShape).superRefine((spec, context) => {
    const given = [spec.column, spec.constant, spec.template].filter((each) => each !== undefined);
    if (given.length !== 1)
      context.addIssue({
        code: 'custom',
        message: 'needs exactly one of column, constant, template',
      });
    for (const name of [spec.column, ...columnsOfTemplate(spec.template ?? '')]) {
      if (name?.startsWith('$') === true && !isPseudoColumn(name))
        context.addIssue({
          code: 'custom',
          message: `${name} is unknown; there are ${pseudoColumns.join(', ')}`,
        });
    }
  }),
);

const time = strict({
  column: someText,
  format: format.default('iso'),
  zone: zone.optional(),
  trim: flag.default(true),
});

const notes = strict({
  each: someText,
  fields: z.record(z.string(), field, 'must be a map of a note’s fields to keys'),
});

export type FieldSpec = z.output<typeof field>;
export type TimeSpec = Pick<z.output<typeof time>, 'format' | 'zone'>;
export type ZoneSpec = NonNullable<TimeSpec['zone']>;

export const mappingSchema = strict({
  source: text
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be kebab-case, such as us-isp-complaints')
    .max(64),
  kind: z.enum(inputKinds, { error: missingOr(`must be one of ${inputKinds.join(', ')}`) }),
  format: z.enum(['csv', 'tsv', 'jsonl'], {
    error: missingOr('must be csv, tsv or jsonl (gzip is found by itself)'),
  }),
  delimiter: text
    .length(1, 'must be one character')
    .refine((value) => !/["\r\n]/.test(value), { error: 'cannot be a quote or a line end' })
    .optional(),
  quotes: z
    .enum(['double', 'none'], { error: 'must be double or none' })
    .transform((value) => value === 'double')
    .optional(),
  encoding: someText
    .refine(isEncoding, {
      error: 'is unknown; name one such as utf-8, windows-1252, iso-8859-15, utf-16le',
    })
    .default('utf-8'),
  columns: z.array(someText, 'must be a list of names').min(1).optional(),
  time,
  fields: z.record(z.string(), field, 'must be a map of fields'),
  notes: notes.optional(),
})
  .superRefine((mapping, context) => {
    const complain = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    for (const [name, spec] of Object.entries(mapping.fields)) {
      const target = targetOf(mapping.kind, name);
      if (target === undefined)
        complain(
          ['fields', name],
          `${mapping.kind} have no such field; there are ${targetNames(mapping.kind).join(', ')}`,
        );
      else checkField(spec, target, (message) => complain(['fields', name], message));
    }
    for (const [name, spec] of Object.entries(mapping.notes?.fields ?? {})) {
      const target = Object.hasOwn(noteTargets, name) ? noteTargets[name] : undefined;
      const path = ['notes', 'fields', name];
      if (target === undefined)
        complain(
          path,
          `notes have no such field; there are ${Object.keys(noteTargets).join(', ')}`,
        );
      else checkField(spec, target, (message) => complain(path, message));
    }
    if (mapping.fields['id'] === undefined) complain(['fields'], 'needs id');
    if (
      mapping.kind === 'posts' &&
      !['text', 'title'].some((name) => Object.hasOwn(mapping.fields, name))
    )
      complain(['fields'], 'needs text or title');
    if (
      mapping.kind === 'surveys' &&
      mapping.fields['score'] !== undefined &&
      mapping.fields['scale'] === undefined
    )
      complain(['fields'], 'needs scale (nps, csat or ces) beside score');
    if (mapping.notes !== undefined && (mapping.kind !== 'tickets' || mapping.format !== 'jsonl'))
      complain(['notes'], 'are for tickets in jsonl alone');
    if (mapping.format === 'jsonl')
      for (const key of ['delimiter', 'quotes', 'columns'] as const)
        if (mapping[key] !== undefined) complain([key], 'is for csv and tsv alone');
  })
  .transform((mapping) => ({
    ...mapping,
    delimiter: mapping.delimiter ?? (mapping.format === 'tsv' ? '\t' : ','),
    quotes: mapping.quotes ?? mapping.format === 'csv',
  }));

export type ParsedMapping = z.output<typeof mappingSchema>;

/** Names in the braces of a template, in order. */
export function columnsOfTemplate(source: string): string[] {
  return [...source.matchAll(/\{([^{}]+)\}/g)].map(([, name]) => name ?? '');
}

export function isPseudoColumn(name: string): boolean {
  return pseudoColumns.some((each) => each === name);
}

function checkField(
  spec: FieldSpec,
  target: TargetType,
  complain: (message: string) => void,
): void {
  const isTime = target.type === 'past' || target.type === 'future';
  if (!isTime && (spec.format !== undefined || spec.zone !== undefined))
    complain('format and zone are for times alone');
  if (isTime && spec.column === undefined) complain('a time needs a column');
  if (target.type !== 'choice') return;
  const ours = [spec.constant, spec.default, ...(spec.values?.values() ?? [])];
  for (const value of ours)
    if (value !== undefined && !target.choices.includes(value))
      complain(`"${value}" is not allowed; allowed are ${target.choices.join(', ')}`);
}

function missingOr(message: string): (issue: { readonly input?: unknown }) => string {
  return ({ input }) => (input === undefined ? 'is missing' : message);
}

function isEncoding(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
}

/** An object without other keys; the message for one names what is allowed. */
function strict<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys')
        return `unknown key ${issue.keys.join(', ')}; allowed are ${Object.keys(shape).join(', ')}`;
      return issue.input === undefined ? 'is missing' : 'must be a map of keys and values';
    },
  });
}
