// The notes of a ticket over its updates. Some sources send all notes with each update, others the new ones: a note with
// a known id, or without an id and with a known text, is the same note and keeps its place.
import { maxNotes } from './ticket-bounds.ts';

export interface Note {
  readonly id: string | null;
  readonly text: string;
}

interface WithNotes {
  readonly notes?: readonly Note[];
}

/** `known` with the notes of a later update. */
export function mergeNotes(known: readonly Note[], added: readonly Note[]): readonly Note[] {
  return foldNotes([{ notes: added }], known);
}

/** The notes after all of `updates`, which are in order, where `known` were the notes before. */
export function foldNotes(
  updates: readonly WithNotes[],
  known: readonly Note[] = [],
): readonly Note[] {
  const notes = [...known];
  /** By id, counted from the first note of all. */
  const places = new Map<string, number>();
  known.forEach(({ id }, at) => id !== null && places.set(id, at));
  let gone = 0;
  for (const { notes: added = [] } of updates) {
    for (const note of added) {
      const { id, text } = note;
      const at =
        id === null
          ? notes.findIndex((one) => one.text === text)
          : (places.get(id) ?? gone - 1) - gone;
      const former = at < 0 ? undefined : notes[at]!;
      if (former === undefined) notes.push(note);
      else {
        notes[at] = note;
        if (former.id !== null) places.delete(former.id);
      }
      if (id !== null) places.set(id, gone + (at < 0 ? notes.length - 1 : at));
    }
    const excess = Math.max(0, notes.length - maxNotes);
    for (const { id } of notes.splice(0, excess)) if (id !== null) places.delete(id);
    gone += excess;
  }
  return notes;
}

/** The same where no note comes twice: the last ones, read from the end. */
export function lastNotes(updates: readonly WithNotes[]): readonly Note[] {
  const parts: (readonly Note[])[] = [];
  let count = 0;
  for (let at = updates.length - 1; at >= 0 && count < maxNotes; at -= 1) {
    const { notes = [] } = updates[at]!;
    parts.unshift(notes);
    count += notes.length;
  }
  return parts.flat().slice(-maxNotes);
}
