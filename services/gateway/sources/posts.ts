// Posts of communities, forums and networks as a source sends them: an id, a time, and a text or at least a title.
import { z } from 'zod';
import type { CommunityPost } from '#schemas/community-post.ts';
import { isBlank, stated } from '#core/text-fields.ts';
import { because } from '#core/refusal.ts';
import { commonPart, type Reception } from './complete.ts';
import { commonFields, optionalId, title, validatorOf, words } from './fields.ts';

const fields = z.strictObject({
  ...commonFields,
  authorId: optionalId.describe(
    'Author id in the source; only a keyed pseudonym of it is passed on.',
  ),
  authorRole: z
    .enum(['customer', 'company', 'unknown'])
    .nullish()
    .describe('Posts of the company itself are dropped later, with that reason.'),
  title: title.describe('Title of the post or its topic.'),
  text: words.describe('What it says. May be absent when there is a title.'),
  inReplyTo: optionalId,
  threadId: optionalId,
});

export type PostRecord = z.output<typeof fields>;

export const postSchema = fields
  .refine((post) => !isBlank(post.text) || !isBlank(post.title), {
    ...because('missing-field', 'is required, unless there is a title'),
    path: ['text'],
  })
  .meta({ id: 'Post', description: 'A post: id, occurredAt, and text or title.' });

/** Checks one input object; `now`, milliseconds since the epoch, refuses times more than a day ahead of it. */
export const validatePost = validatorOf(postSchema, ['occurredAt']);

export function postOf(record: PostRecord, reception: Reception): CommunityPost {
  return {
    ...commonPart(record, reception),
    authorId: stated(record.authorId),
    authorRole: record.authorRole ?? 'unknown',
    title: stated(record.title),
    text: record.text ?? '',
    inReplyTo: stated(record.inReplyTo),
    threadId: stated(record.threadId),
  };
}
