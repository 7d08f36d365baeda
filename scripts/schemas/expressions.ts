// TypeScript expressions and statements for Avro types: what they are, how they are read, how they are written.
import { type AvroType, shortName } from './avro-schema.ts';

/** The TypeScript type, as text. */
export function typeText(type: AvroType): string {
  switch (type.kind) {
    case 'primitive':
      return {
        boolean: 'boolean',
        int: 'number',
        long: 'number',
        double: 'number',
        string: 'string',
        bytes: 'Uint8Array',
      }[type.name];
    case 'nullable':
      return `${typeText(type.of)} | null`;
    case 'array':
      return type.items.kind === 'nullable'
        ? `readonly (${typeText(type.items)})[]`
        : `readonly ${typeText(type.items)}[]`;
    case 'map':
      return `Readonly<Record<string, ${typeText(type.values)}>>`;
    case 'named':
      return shortName(type.name);
  }
}

/** Expression that reads a value of the type; `suffix` ends the names of the functions of an older version. */
export function readCode(type: AvroType, suffix = ''): string {
  switch (type.kind) {
    case 'primitive':
      return `reader.${method(type.name)}()`;
    case 'nullable':
      return `reader.present(${type.nullFirst ? 1 : 0}) ? ${readCode(type.of, suffix)} : null`;
    case 'array':
      return `reader.array(${reader(type.items, suffix)})`;
    case 'map':
      return `reader.map(${reader(type.values, suffix)})`;
    case 'named':
      return `read${shortName(type.name)}${suffix}(reader)`;
  }
}

/** Statement that writes `value`, an expression, as the type. */
export function writeCode(type: AvroType, value: string): string {
  switch (type.kind) {
    case 'primitive':
      return `writer.${method(type.name)}(${value});`;
    case 'nullable': {
      const [ofNull, ofValue] = type.nullFirst ? [0, 1] : [1, 0];
      return [
        `if (${value} === null) writer.branch(${ofNull});`,
        '  else {',
        `    writer.branch(${ofValue});`,
        `    ${writeCode(type.of, value)}`,
        '  }',
      ].join('\n');
    }
    case 'array':
      return `writer.array(${value}, ${writerOf(type.items)});`;
    case 'map':
      return `writer.map(${value}, ${writerOf(type.values)});`;
    case 'named':
      return `write${shortName(type.name)}(writer, ${value});`;
  }
}

function reader(type: AvroType, suffix: string): string {
  if (type.kind === 'named') return `read${shortName(type.name)}${suffix}`;
  return primitiveFunction(type, 'read') ?? `(reader) => (${readCode(type, suffix)})`;
}

function writerOf(type: AvroType): string {
  if (type.kind === 'named') return `write${shortName(type.name)}`;
  return primitiveFunction(type, 'write') ?? `(writer, value) => { ${writeCode(type, 'value')} }`;
}

/** Name of the function that reads or writes the primitive, where there is one. */
function primitiveFunction(type: AvroType, verb: 'read' | 'write'): string | null {
  if (type.kind !== 'primitive' || type.name === 'boolean' || type.name === 'bytes') return null;
  return `${verb}${type.name[0]?.toUpperCase()}${type.name.slice(1)}`;
}

function method(name: string): string {
  return name === 'bytes' ? 'bytesValue' : name;
}
