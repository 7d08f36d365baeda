// One after the other, in the order they came.

export interface Turns {
  /** Resolves when it is the caller's turn, which lasts until it calls what this resolves to. */
  next(): Promise<() => void>;
}

export function createTurns(): Turns {
  let last: Promise<void> = Promise.resolve();
  return {
    async next() {
      const before = last;
      let done!: () => void;
      last = new Promise((resolve) => (done = resolve));
      await before;
      return done;
    },
  };
}
