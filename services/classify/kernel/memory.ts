// Lays arrays out in a kernel's memory before there is one, then makes the memory as large as they need.

type Numbers = Int8Array | Int16Array | Int32Array | Uint32Array | Float32Array;

const pageBytes = 65_536;

/** Hands out places in memory, in bytes from its beginning, each a multiple of 16. */
export class Space {
  #end: number;
  readonly #contents: { readonly at: number; readonly array: Numbers }[] = [];

  constructor(kernel: string) {
    this.#end = heapBaseOf(kernel);
  }

  /** A place that begins as a copy of `array`. */
  put(array: Numbers): number {
    const at = this.room(Math.ceil(array.byteLength / 4));
    this.#contents.push({ at, array });
    return at;
  }

  /** A place of zeros for `count` numbers of 32 bits. */
  room(count: number): number {
    const at = Math.ceil(this.#end / 16) * 16;
    this.#end = at + count * 4;
    return at;
  }

  /** The memory with everything in its place. */
  open(): WebAssembly.Memory {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(this.#end / pageBytes) });
    for (const { at, array } of this.#contents) {
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
      new Uint8Array(memory.buffer).set(bytes, at);
    }
    return memory;
  }
}

/** A kernel over a memory of its own in which the space is laid out. */
export function instantiate(
  source: string,
  space: Space,
): { readonly buffer: ArrayBuffer; readonly exports: unknown } {
  const memory = space.open();
  const { exports } = new WebAssembly.Instance(moduleOf(source), { env: { memory, abort } });
  return { buffer: memory.buffer, exports };
}

const modules = new Map<string, WebAssembly.Module>();

function moduleOf(source: string): WebAssembly.Module {
  let found = modules.get(source);
  if (found === undefined) {
    found = new WebAssembly.Module(Buffer.from(source, 'base64'));
    modules.set(source, found);
  }
  return found;
}

/** A kernel's own constants lie at the beginning of its memory; whoever writes there spoils its arithmetic. */
function heapBaseOf(source: string): number {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { exports } = new WebAssembly.Instance(moduleOf(source), { env: { memory, abort } });
  return (exports as unknown as { heapBase(): number }).heapBase();
}

function abort(): never {
  throw new Error('a kernel of classify came to an impossible place');
}
