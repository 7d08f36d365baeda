// Functions of a few numbers that are asked for the same ones over and over.

const most = 10_000;

/** `of`, with what it gave remembered. */
export function remembered<Args extends readonly number[], T>(
  of: (...args: Args) => T,
): (...args: Args) => T {
  const known = new Map<string | number, T>();
  return (...args) => {
    const key = args.length === 1 ? args[0]! : args.join(' ');
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= most) known.clear();
    const value = of(...args);
    known.set(key, value);
    return value;
  };
}
