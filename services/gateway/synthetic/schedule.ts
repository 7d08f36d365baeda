// What is still to come of things already begun (updates, replies, repeats), soonest first: a binary heap in
// typed arrays, about 30 bytes an entry, so that a busy world with long-running tickets stays small.

/** `minute`, `index` and `cause` name the event that began it; `step` says which part is due at `dueAt` (ms). */
export interface FollowUp {
  dueAt: number;
  minute: number;
  index: number;
  cause: number;
  step: number;
}

export interface Schedule {
  /** When the next one is due, in ms; Infinity when nothing is. */
  nextAt(): number;
  add(dueAt: number, minute: number, index: number, cause: number, step: number): void;
  /** Takes the soonest out, into `into`. Only when `nextAt()` is finite. */
  take(into: FollowUp): void;
}

export function createSchedule(): Schedule {
  let capacity = 1024;
  let size = 0;
  let order = 0;
  let dueAt = new Float64Array(capacity);
  // Of those due at the same moment the earlier added comes first: order must not depend on the heap's shape.
  let added = new Float64Array(capacity);
  let words = new Int32Array(capacity * 4);

  function grow(): void {
    capacity *= 2;
    const [oldDue, oldAdded, oldWords] = [dueAt, added, words];
    dueAt = new Float64Array(capacity);
    added = new Float64Array(capacity);
    words = new Int32Array(capacity * 4);
    dueAt.set(oldDue);
    added.set(oldAdded);
    words.set(oldWords);
  }

  function before(due: number, place: number, other: number): boolean {
    const otherDue = dueAt[other]!;
    return due < otherDue || (due === otherDue && place < added[other]!);
  }

  function move(from: number, to: number): void {
    dueAt[to] = dueAt[from]!;
    added[to] = added[from]!;
    // Four plain copies: copyWithin costs more than all the rest for so few.
    words[to * 4] = words[from * 4]!;
    words[to * 4 + 1] = words[from * 4 + 1]!;
    words[to * 4 + 2] = words[from * 4 + 2]!;
    words[to * 4 + 3] = words[from * 4 + 3]!;
  }

  return {
    nextAt: () => (size === 0 ? Infinity : dueAt[0]!),
    add(due, minute, index, cause, step) {
      if (size === capacity) grow();
      const place = order++;
      let hole = size++;
      while (hole > 0) {
        const parent = (hole - 1) >> 1;
        if (!before(due, place, parent)) break;
        move(parent, hole);
        hole = parent;
      }
      dueAt[hole] = due;
      added[hole] = place;
      words[hole * 4] = minute;
      words[hole * 4 + 1] = index;
      words[hole * 4 + 2] = cause;
      words[hole * 4 + 3] = step;
    },
    take(into) {
      into.dueAt = dueAt[0]!;
      into.minute = words[0]!;
      into.index = words[1]!;
      into.cause = words[2]!;
      into.step = words[3]!;
      size -= 1;
      if (size === 0) return;
      const [due, place] = [dueAt[size]!, added[size]!];
      // The last entry sinks from the top; its words stay at `size` until they are put in their place.
      let hole = 0;
      for (;;) {
        let child = hole * 2 + 1;
        if (child >= size) break;
        if (child + 1 < size && before(dueAt[child + 1]!, added[child + 1]!, child)) child += 1;
        if (before(due, place, child)) break;
        move(child, hole);
        hole = child;
      }
      move(size, hole);
    },
  };
}
