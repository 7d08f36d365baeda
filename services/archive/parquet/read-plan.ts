// What of a file is read for some columns, and how their values are made of it.
import type { SchemaTree } from 'hyparquet';
import { type Assemble, assembleOf, childOf, leavesUnder } from './assemble.ts';
import type { Column } from './schema.ts';

export interface ReadPlan {
  /** Of the leaves that are read, joined by dots, in order. */
  readonly leaves: readonly string[];
  /** One for each column: its value, made of what its leaves hold in a row. */
  readonly columns: readonly { readonly read: Assemble; readonly start: number }[];
}

/** @throws Error where the file has other columns than these */
export function planOf(columns: readonly Column[], root: SchemaTree): ReadPlan {
  const leaves: string[] = [];
  const planned = columns.map((column) => {
    const start = leaves.length;
    const held = root.children.find(({ element }) => element.name === column.name);
    const node = held === undefined ? undefined : pruned(column, held);
    if (node !== undefined) leaves.push(...leavesUnder(node).map(({ path }) => path.join('.')));
    return { read: assembleOf(column, node), start };
  });
  return { leaves, columns: planned };
}

/** The part of the file's schema that is needed. */
function pruned({ of }: Column, node: SchemaTree): SchemaTree {
  switch (of.kind) {
    case 'group': {
      const children = node.children.flatMap((child) => {
        const field = of.fields.find(({ name }) => name === child.element.name);
        return field === undefined ? [] : [pruned(field, child)];
      });
      // Any other tells whether there is a group at all.
      return { ...node, children: children.length > 0 ? children : [childOf(node)] };
    }
    case 'list': {
      const repeated = childOf(node);
      const element = pruned(of.element, childOf(repeated));
      return { ...node, children: [{ ...repeated, children: [element] }] };
    }
    case 'map': {
      const repeated = childOf(node);
      const [key, value] = repeated.children;
      if (key === undefined || value === undefined)
        throw new Error(`${node.path.join('.')} is no map`);
      return { ...node, children: [{ ...repeated, children: [key, pruned(of.value, value)] }] };
    }
    default:
      return node;
  }
}

/**
 * Only what leads to `name`, for example `signal.customer`, and how to get there.
 * @throws Error where records have no such field
 */
export function columnAt(
  columns: readonly Column[],
  name: string,
): { readonly column: Column; readonly pick: (value: unknown) => unknown } {
  const [first, ...rest] = name.split('.');
  const found = columns.find((column) => column.name === first);
  const narrow = (column: Column | undefined, path: readonly string[]): Column => {
    if (column === undefined) throw new Error(`there is no column ${name}`);
    const [next, ...further] = path;
    if (next === undefined) return column;
    if (column.of.kind !== 'group') throw new Error(`there is no column ${name}`);
    const field = column.of.fields.find((each) => each.name === next);
    return { ...column, of: { kind: 'group', fields: [narrow(field, further)] } };
  };
  return {
    column: narrow(found, rest),
    pick: (value) =>
      rest.reduce<unknown>(
        (at, part) => (at === null ? null : (at as Readonly<Record<string, unknown>>)[part]),
        value,
      ),
  };
}
