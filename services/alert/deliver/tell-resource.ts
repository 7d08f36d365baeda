// TM Forum's APIs keep what they are told as a resource: made once, changed from then on. Whether it was made is not
// known when the answer never came, so it is looked for before another is made.
import { z } from 'zod';
import { isIdentifier } from '#core/text-fields.ts';
import { alarmCreation, alarmIdOf, alarmPath, alarmUpdate } from './formats/tmf642.ts';
import { problemCreation, problemPath, problemUpdate } from './formats/tmf656.ts';
import type { FormatContext, Notice, Payload } from './notice.ts';
import type { Answer, HttpRequest } from './send.ts';
import type { TargetKind } from './target-schema.ts';
import { below } from './target-url.ts';

/** What is known of earlier attempts and transitions. */
export interface Earlier {
  /** What the target calls what it made of this incident. */
  readonly remoteId: string | null;
  /** Whether it may have made it without our knowing. */
  readonly isUncertain: boolean;
}

export interface Told {
  readonly answer: Answer;
  readonly remoteId: string | null;
}

export interface Resource {
  readonly path: string;
  readonly create: (notice: Notice, context: FormatContext) => Payload;
  readonly update: (notice: Notice, context: FormatContext) => Payload;
  /** How it is known from our side. */
  readonly ownId: (notice: Notice) => string;
  /** The name to find it by, and whether an item found has it. */
  readonly filter: string;
  readonly fields: string;
  readonly isOwn: (item: z.output<typeof found>[number], ownId: string) => boolean;
  /** Whether this transition begins one of its own. */
  readonly begins: (notice: Notice) => boolean;
}

const alarm: Resource = {
  path: alarmPath,
  create: alarmCreation,
  update: alarmUpdate,
  ownId: alarmIdOf,
  filter: 'externalAlarmId',
  fields: 'id,externalAlarmId',
  isOwn: ({ externalAlarmId }, ownId) => externalAlarmId === ownId,
  begins: ({ alert }) => alert.state === 'reopened',
};
const problem: Resource = {
  path: problemPath,
  create: problemCreation,
  update: problemUpdate,
  ownId: ({ opening }) => opening.incidentId,
  filter: 'externalIdentifier.id',
  fields: 'id,externalIdentifier',
  isOwn: ({ externalIdentifier = [] }, ownId) => externalIdentifier.some(({ id }) => id === ownId),
  begins: () => false,
};

export function resourceOf(kind: TargetKind): Resource | undefined {
  return kind === 'tmf642' ? alarm : kind === 'tmf656' ? problem : undefined;
}

interface ResourceParts {
  readonly resource: Resource;
  /** Its `url` is that of the API. */
  readonly target: { readonly url: string };
  readonly notice: Notice;
  readonly context: FormatContext;
  readonly earlier: Earlier;
  readonly send: (request: Omit<HttpRequest, 'headers'>) => Promise<Answer>;
}

export async function tellResource(parts: ResourceParts): Promise<Told> {
  const { resource, target, notice, context, earlier, send } = parts;
  const known = resource.begins(notice) ? null : earlier.remoteId;
  const isFirst = resource.begins(notice) || notice.alert.id === notice.opening.id;
  const mayBeThere = known === null && (earlier.isUncertain || !isFirst);
  const looked = mayBeThere ? await find(parts) : { remoteId: known };
  if ('answer' in looked) return { answer: looked.answer, remoteId: null };
  const { remoteId } = looked;
  if (remoteId !== null) {
    const url = below(target.url, `${resource.path}/${encodeURIComponent(remoteId)}`);
    const { body } = resource.update(notice, context);
    const answer = await send({ method: 'PATCH', url, body });
    const isGone = answer.answered && (answer.status === 404 || answer.status === 410);
    if (!isGone) return { answer, remoteId };
  }
  const { body } = resource.create(notice, context);
  const answer = await send({ method: 'POST', url: below(target.url, resource.path), body });
  return { answer, remoteId: idIn(answer) };
}

/** What comes from outside goes into a path and into the database. */
const remoteId = z
  .string()
  .min(1)
  .max(500)
  .refine((id) => isIdentifier(id) && !/^\.{1,2}$/.test(id));

const found = z.array(
  z.looseObject({
    id: remoteId,
    externalAlarmId: z.string().optional(),
    externalIdentifier: z.array(z.looseObject({ id: z.string() })).optional(),
  }),
);

/** An answer where it must be tried again, since it is not known whether there is one. */
async function find({
  resource,
  target,
  notice,
  send,
}: ResourceParts): Promise<{ readonly remoteId: string | null } | { readonly answer: Answer }> {
  const ownId = resource.ownId(notice);
  const url = new URL(below(target.url, resource.path));
  url.searchParams.set(resource.filter, ownId);
  url.searchParams.set('fields', resource.fields);
  const answer = await send({ method: 'GET', url: url.href });
  if (!answer.answered || answer.status === 429 || answer.status >= 500) return { answer };
  // A server that does not know the filter, or answers in another form, cannot tell.
  const items = found.safeParse(jsonIn(answer));
  const own = items.data?.find((item) => resource.isOwn(item, ownId));
  return { remoteId: own?.id ?? null };
}

function idIn(answer: Answer): string | null {
  const made = z.looseObject({ id: remoteId }).safeParse(jsonIn(answer));
  return made.data?.id ?? null;
}

function jsonIn(answer: Answer): unknown {
  if (!answer.answered || !answer.isWhole) return undefined;
  try {
    return JSON.parse(answer.body);
  } catch {
    return undefined;
  }
}
