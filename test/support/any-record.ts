// Records of any content that a schema allows, for tests that hold for all of them.
import * as fc from 'fast-check';
import { parseShape, type Shape } from '#core/registry/avro-shape.ts';
import { shippedSchemas } from '#core/registry/shipped.ts';

/** Any UTF-16, lone surrogates too, and what texts are mostly. */
const text = fc.oneof(
  fc.constantFrom('', 'outage', '\u{feff}mark', 'a\0b', '😀', '\u{ffff}', '\ud800', '__proto__'),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.array(fc.nat(0xffff), { maxLength: 12 }).map((units) => String.fromCharCode(...units)),
);

/** Records of the schema of that id. */
export function anyRecord(schemaId: number): fc.Arbitrary<unknown> {
  const shipped = shippedSchemas().find(({ id }) => id === schemaId);
  return any(parseShape(shipped?.text ?? ''));
}

function any(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.integer();
    case 'long':
      return fc.oneof(fc.maxSafeInteger(), fc.constantFrom(2 ** 53 - 1, -(2 ** 53) + 1, 0, -1));
    case 'double':
      return fc.oneof(fc.double(), fc.constantFrom(-0, 0, Number.NaN, -Infinity, 0.5));
    case 'string':
      return text;
    case 'bytes':
      return fc.uint8Array({ maxLength: 20 });
    case 'enum':
      return fc.constantFrom(...shape.symbols);
    case 'nullable':
      return fc.option(any(shape.of));
    case 'array':
      return fc.array(any(shape.of), { maxLength: 3 });
    case 'map':
      return fc.dictionary(text, any(shape.of), { maxKeys: 3, noNullPrototype: true });
    case 'record':
      return fc.record(Object.fromEntries(shape.fields.map(({ name, of }) => [name, any(of)])));
  }
}
