// Made-up short posts, the same ones each time: what every way of the bench is fed with.
import type { OutgoingRecord } from '#core/log/port.ts';
import { takeIn } from '../../../services/gateway/sources/intake.ts';
import { generate } from '../../../services/gateway/synthetic/generate.ts';

const source = 'bench';
const mostCharacters = 140;

/** Texts of one line, 59 characters on average, without end. */
export function* madeUpTexts(): Generator<string> {
  const from = Date.UTC(2026, 0, 1);
  for (const { kind, input } of generate({ seed: 1, from, to: Infinity, ratePerHour: 20_000 })) {
    const { text } = input as { text?: string };
    if (kind !== 'posts' || text === undefined) continue;
    if (text.length <= mostCharacters && !text.includes('\n')) yield text;
  }
}

/** A post as the intake writes it. @param receivedAt milliseconds since the epoch */
export function postOf(number: number, text: string, receivedAt: number): OutgoingRecord {
  const input = { id: `p${number}`, occurredAt: receivedAt - 1000, text };
  const taken = takeIn('posts', input, { source, receivedAt });
  if (!taken.ok) throw new Error(`A made-up post was refused: ${taken.detail}`);
  return taken.outgoing;
}

/** Posts 1 to `count`. */
export function madeUpPosts(count: number, receivedAt: number): OutgoingRecord[] {
  const posts: OutgoingRecord[] = [];
  for (const text of madeUpTexts()) {
    posts.push(postOf(posts.length + 1, text, receivedAt));
    if (posts.length === count) break;
  }
  return posts;
}
