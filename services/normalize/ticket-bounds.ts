// How much one ticket may say: bounds that keep a long ticket's updates and signal small, the newest kept.
// Pure; what is within the bounds stays as it is.
import type { TicketNote } from '#schemas/trouble-ticket.ts';

export const maxNotes = 100;
/** Of a ticket over all its updates; the intake takes 50 with one. */
export const maxAttributes = 200;
/** Characters (UTF-16 code units) of a signal's text. */
export const maxTextLength = 64_000;
/** An update is kept with its ticket, and read again with each later one. */
const maxUpdateBytes = 256 * 1024;
/** JSON needs six bytes at most for a code unit (`\u0001`). */
const maxBytesPerUnit = 6;
/** What the texts of an update that is too large are cut to: name, description and notes stay below its bytes. */
const maxCutLength = 14_000;

/** `text`, or its beginning with '…' as its last character; no surrogate pair is cut in two. */
export function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 2);
  const isHighSurrogate = last >= 0xd800 && last <= 0xdbff;
  return `${text.slice(0, isHighSurrogate ? maxLength - 2 : maxLength - 1)}…`;
}

/** The newest notes, by their times where all have one, else those that come last. */
export function newestNotes(notes: readonly TicketNote[]): readonly TicketNote[] {
  if (notes.length <= maxNotes) return notes;
  const timed = notes.every(({ at }) => at !== null);
  return (timed ? notes.toSorted((a, b) => a.at! - b.at!) : notes).slice(-maxNotes);
}

interface Words {
  readonly name?: string;
  readonly description?: string;
  readonly notes?: readonly { readonly id: string | null; readonly text: string }[];
}

/** An update whose JSON takes more than 256 KB keeps its newest notes alone, and cut texts. */
export function withinBounds<T extends Words>(update: T): T {
  const { name = '', description = '', notes = [] } = update;
  const length = notes.reduce(
    (sum, { id, text }) => sum + text.length + (id?.length ?? 0),
    name.length + description.length,
  );
  // Nearly always: no need to write the JSON to know its size.
  if (length * maxBytesPerUnit < maxUpdateBytes / 2) return update;
  if (Buffer.byteLength(JSON.stringify(update)) <= maxUpdateBytes) return update;
  const kept: { id: string | null; text: string }[] = [];
  let left = maxCutLength;
  for (const { id, text } of notes.toReversed()) {
    const cost = text.length + (id?.length ?? 0);
    if (cost > left && kept.length > 0) break;
    kept.unshift({ id, text: cut(text, maxCutLength) });
    left -= cost;
  }
  return {
    ...update,
    ...(name !== '' && { name: cut(name, maxCutLength / 14) }),
    ...(description !== '' && { description: cut(description, maxCutLength) }),
    ...(kept.length > 0 && { notes: kept }),
  };
}
