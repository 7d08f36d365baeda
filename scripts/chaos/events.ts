// What senders of a storm say: tickets, posts and answers over so many keys, each key's in order. Made from numbers
// alone, so that the same seed says the same.
import { createHash } from 'node:crypto';
import type { Said } from '../../test/support/journal.ts';

export const kinds = ['tickets', 'posts', 'surveys'] as const;
export type Kind = (typeof kinds)[number];

export interface Event extends Said {
  readonly kind: Kind;
  /** As it goes over HTTP. */
  readonly body: Readonly<Record<string, unknown>>;
}

export const source = 'storm';
/** The mark of what cannot be decoded, which has none of its own. */
export const undecodable = 'undecodable';

const topics: Readonly<Record<Kind, string>> = {
  tickets: 'tickets.reported.v1',
  posts: 'posts.published.v1',
  surveys: 'surveys.answered.v1',
};
const words = [
  'No signal in our village since the morning, the tower seems to be dead',
  'The bill is wrong again, I was charged twice for the same month',
  'I am leaving for another provider, the advert promised something else',
  'The agent was rude and hung up on me when I asked for help',
  'The app crashes whenever I log in, and the site shows an error',
  'Internet is slow in the evening, the network must be congested',
  'Thank you, the new router works very well',
  'Calls drop on the way to work, always at the same bridge',
] as const;
const day = 86_400_000;

/** The event number `seq`, from 1, of the key number `key`. */
export function eventOf(kind: Kind, key: number, seq: number, variant = ''): Event {
  const sourceId = `${kind[0]!.toUpperCase()}${key}`;
  const id = `${source}/${sourceId}/${seq}`;
  const text = `${words[(key + seq) % words.length]}${variant}`;
  const occurredAt = Date.UTC(2026, 2, 1) + (key % 100) * day + seq * 60_000;
  const mark = markOf(`${id} ${occurredAt} ${text}`);
  const isCompany = kind === 'posts' && key % 15 === 1;
  const common = { id: sourceId, version: String(seq), occurredAt, product: `plan ${mark}` };
  const body =
    kind === 'tickets'
      ? { ...common, description: text, status: 'inProgress' }
      : kind === 'posts'
        ? { ...common, text, authorRole: isCompany ? 'company' : 'customer' }
        : { ...common, scale: 'csat', score: 1 + ((key + seq) % 5), verbatim: text };
  return {
    kind,
    topic: topics[kind],
    key: `${source}/${sourceId}`,
    seq,
    id,
    mark,
    occurredAt,
    fate: isCompany ? 'company-author' : 'insight',
    body,
  };
}

/** The same id with other content, as a sender that errs would send it; undefined where ids are not claimed. */
export function conflicting(kind: Kind, key: number, seq: number): Event | undefined {
  const event = eventOf(kind, key, seq, ', said otherwise');
  return event.fate === 'insight' ? { ...event, fate: 'id-conflict' } : undefined;
}

function markOf(text: string): string {
  const hash = createHash('sha256').update(text).digest();
  return String.fromCharCode(...hash.subarray(0, 12).map((byte) => 97 + (byte % 26)));
}
