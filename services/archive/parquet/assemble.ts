// Columns back into records, the reverse of `shred.ts`. Files of other versions of the schema are read as this one: what
// only they have is passed over, what they do not have takes its Avro default, and so do symbols that are unknown here.
import type { SchemaTree } from 'hyparquet';
import type { Column } from './schema.ts';

/**
 * What a place of the schema holds in a row, made of what its leaves in the file hold there, in order. As the reader gives
 * them, a leaf's value lies in an array for each list, map and group above it that may be null, which is empty where that is.
 * @param from index of the place's first leaf in `leaves`
 */
export type Assemble = (leaves: readonly unknown[], from: number) => unknown;

/**
 * @param node the same place in the file, undefined where it does not have it
 * @throws Error where the file has something else there
 */
export function assembleOf(column: Column, node: SchemaTree | undefined): Assemble {
  if (node === undefined) {
    const { missing } = column;
    if (missing === undefined) throw new Error(`there is no column ${column.path.join('.')}`);
    return missing;
  }
  const { of, optional } = column;
  const mayBeNull = node.element.repetition_type === 'OPTIONAL';
  const orNull = (value: unknown): unknown => {
    if (!optional) throw new Error(`${column.path.join('.')} is null`);
    return value;
  };
  switch (of.kind) {
    case 'group': {
      const group = groupOf(of.fields, node);
      return mayBeNull ? unwrapped(node, group, () => orNull(null)) : group;
    }
    case 'list': {
      const list = listOf(of.element, childOf(node));
      return mayBeNull ? unwrapped(node, list, () => orNull(null)) : list;
    }
    case 'map': {
      const map = mapOf(of, childOf(node));
      return mayBeNull ? unwrapped(node, map, () => orNull(null)) : map;
    }
    default: {
      if (node.children.length > 0) throw new Error(`${column.path.join('.')} is a group`);
      const valueOf = leafValueOf(column);
      return (leaves, from) => {
        const value = leaves[from];
        return value === null || value === undefined ? orNull(null) : valueOf(value);
      };
    }
  }
}

/** Leaves of the file that lie under a place. */
export function leavesUnder(node: SchemaTree): readonly SchemaTree[] {
  return node.children.length === 0 ? [node] : node.children.flatMap(leavesUnder);
}

function groupOf(fields: readonly Column[], node: SchemaTree): Assemble {
  const starts = new Map<string, { readonly child: SchemaTree; readonly start: number }>();
  let start = 0;
  for (const child of node.children) {
    starts.set(child.element.name, { child, start });
    start += leavesUnder(child).length;
  }
  const steps = fields.map((field) => {
    const held = starts.get(field.name);
    return { name: field.name, start: held?.start ?? 0, read: assembleOf(field, held?.child) };
  });
  return (leaves, from) => {
    const record: Record<string, unknown> = {};
    for (const step of steps) record[step.name] = step.read(leaves, from + step.start);
    return record;
  };
}

function listOf(element: Column, repeated: SchemaTree): Assemble {
  const read = assembleOf(element, childOf(repeated));
  const leafCount = leavesUnder(repeated).length;
  const inner: unknown[] = Array.from({ length: leafCount });
  return (leaves, from) => {
    const { length } = leaves[from] as readonly unknown[];
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) {
      enter(leaves, from, i, inner);
      items.push(read(inner, 0));
    }
    return items;
  };
}

function mapOf(
  { key, value }: { readonly key: Column; readonly value: Column },
  repeated: SchemaTree,
): Assemble {
  const [keyNode, valueNode] = repeated.children;
  const readKey = assembleOf(key, keyNode);
  const readValue = assembleOf(value, valueNode);
  const inner: unknown[] = Array.from({ length: leavesUnder(repeated).length });
  return (leaves, from) => {
    const { length } = leaves[from] as readonly unknown[];
    const map: Record<string, unknown> = {};
    for (let i = 0; i < length; i++) {
      enter(leaves, from, i, inner);
      setOwn(map, readKey(inner, 0) as string, readValue(inner, 1));
    }
    return map;
  };
}

/** A key may have any name, `__proto__` too. */
function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') map[key] = value;
  else
    Object.defineProperty(map, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
}

function unwrapped(node: SchemaTree, read: Assemble, none: () => unknown): Assemble {
  const inner: unknown[] = Array.from({ length: leavesUnder(node).length });
  return (leaves, from) => {
    if ((leaves[from] as readonly unknown[]).length === 0) return none();
    enter(leaves, from, 0, inner);
    return read(inner, 0);
  };
}

function enter(leaves: readonly unknown[], from: number, index: number, inner: unknown[]): void {
  for (let i = 0; i < inner.length; i++) {
    inner[i] = (leaves[from + i] as readonly unknown[])[index];
  }
}

export function childOf(node: SchemaTree): SchemaTree {
  const [child] = node.children;
  if (child === undefined) throw new Error(`${node.path.join('.')} is no group`);
  return child;
}

/** Values come as the reader's own conversions make them: see `parsers` in `read.ts`. */
function leafValueOf({ of, path }: Column): (value: unknown) => unknown {
  const wrong = (): Error => new Error(`${path.join('.')} is not ${of.kind}`);
  switch (of.kind) {
    case 'boolean':
      return (value) => {
        if (typeof value !== 'boolean') throw wrong();
        return value;
      };
    case 'string':
      return (value) => {
        if (typeof value !== 'string') throw wrong();
        return value;
      };
    case 'enum': {
      const { symbols, other } = of;
      return (value) => {
        if (symbols.has(value as string)) return value;
        if (other === null || typeof value !== 'string') throw wrong();
        return other;
      };
    }
    case 'bytes':
      return (value) => {
        if (!(value instanceof Uint8Array)) throw wrong();
        return value;
      };
    default:
      return (value) => {
        const number = typeof value === 'bigint' ? Number(value) : value;
        if (typeof number !== 'number') throw wrong();
        return number;
      };
  }
}
