// The fields an input of each kind can have: what a mapping may name on its left side, and of which type.

export const inputKinds = ['tickets', 'posts', 'surveys'] as const;
export type InputKind = (typeof inputKinds)[number];

/**
 * An `id` is text that tells one thing from another, which no boolean can. `past` times must be plausible as something
 * that has happened; `future` ones may lie ahead.
 */
export type TargetType =
  | { readonly type: 'text' }
  | { readonly type: 'id' }
  | { readonly type: 'number' }
  | { readonly type: 'past' | 'future' }
  | { readonly type: 'choice'; readonly choices: readonly string[] };

const text: TargetType = { type: 'text' };
const id: TargetType = { type: 'id' };
const number: TargetType = { type: 'number' };

const common: Readonly<Record<string, TargetType>> = {
  id,
  version: text,
  customerId: id,
  channel: text,
  product: text,
  technology: text,
  language: text,
  'place.country': text,
  'place.region': text,
  'place.city': text,
  'place.area': text,
  'place.postcode': text,
  'place.lat': number,
  'place.lon': number,
  'place.site': text,
};

const byKind: Readonly<Record<InputKind, Readonly<Record<string, TargetType>>>> = {
  tickets: {
    ...common,
    name: text,
    description: text,
    ticketType: text,
    severity: text,
    priority: text,
    status: {
      type: 'choice',
      choices: [
        'acknowledged',
        'rejected',
        'pending',
        'held',
        'inProgress',
        'cancelled',
        'closed',
        'resolved',
      ],
    },
    statusChangeReason: text,
    createdAt: { type: 'past' },
    resolvedAt: { type: 'past' },
    expectedResolutionAt: { type: 'future' },
  },
  posts: {
    ...common,
    authorId: id,
    authorRole: { type: 'choice', choices: ['customer', 'company', 'unknown'] },
    title: text,
    text,
    inReplyTo: id,
    threadId: id,
  },
  surveys: {
    ...common,
    scale: { type: 'choice', choices: ['nps', 'csat', 'ces'] },
    score: number,
    question: text,
    verbatim: text,
  },
};

/** A note of a ticket, read from a list inside a JSON record. */
export const noteTargets: Readonly<Record<string, TargetType>> = {
  id,
  at: { type: 'past' },
  author: text,
  text,
};

const attributeForm = /^attributes\.[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** The type of a field, or undefined when inputs of this kind have no such field. */
export function targetOf(kind: InputKind, field: string): TargetType | undefined {
  const fields = byKind[kind];
  if (Object.hasOwn(fields, field)) return fields[field];
  return attributeForm.test(field) ? text : undefined;
}

/** All of a kind's fields, for messages and the reference. */
export function targetNames(kind: InputKind): readonly string[] {
  return [...Object.keys(byKind[kind]), 'attributes.NAME'];
}
