// A mapping says how the rows of one kind of file become inputs. It is checked as a whole before the first
// row is read: a wrong key is refused with its place and what is allowed there.
import { readdir, readFile } from 'node:fs/promises';
import { SignpostError } from '#core/errors.ts';
import { parseDocument } from 'yaml';
import { quoted } from '../files/import-reason.ts';
import {
  mappingSchema,
  type FieldSpec,
  type ParsedMapping,
  type TimeSpec,
} from './mapping-schema.ts';

export type { FieldSpec, TimeSpec };

/** A checked mapping. `label` is the name or path it was loaded by, for messages. */
export interface Mapping extends ParsedMapping {
  readonly label: string;
}

const shippedDirectory = new URL('../mappings/', import.meta.url);
const maxMappingBytes = 1024 * 1024;

/** Short names of the mappings that come with the project, sorted. */
export async function shippedMappings(): Promise<string[]> {
  const files = await readdir(shippedDirectory);
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .toSorted();
}

/**
 * Loads a mapping by the short name of a shipped one or by path (anything with a `/` or ending in `.yaml`
 * or `.yml`). Throws `mapping-not-found` or `mapping-invalid`.
 */
export async function loadMapping(nameOrPath: string): Promise<Mapping> {
  const isPath = /[/\\]|\.ya?ml$/.test(nameOrPath);
  const shipped = isPath ? [] : await shippedMappings();
  if (!isPath && !shipped.includes(nameOrPath))
    throw new SignpostError(
      'mapping-not-found',
      `There is no shipped mapping ${quoted(nameOrPath)}.`,
      {
        hint: `Shipped are ${shipped.join(', ')}; for one of your own, give its path, such as ./mapping.yaml.`,
      },
    );
  let bytes: Buffer;
  try {
    bytes = await readFile(isPath ? nameOrPath : new URL(`${nameOrPath}.yaml`, shippedDirectory));
  } catch (cause) {
    throw new SignpostError('mapping-not-found', `The mapping ${nameOrPath} cannot be read.`, {
      cause,
      hint: 'Check the path, and that it is a file you may read.',
    });
  }
  if (bytes.length > maxMappingBytes)
    throw new SignpostError(
      'mapping-invalid',
      `${nameOrPath} has more than 1 MiB; is it a mapping?`,
    );
  return parseMapping(bytes.toString('utf8'), nameOrPath);
}

/** Reads and checks a mapping's YAML text. Throws `mapping-invalid`, naming every wrong key. */
export function parseMapping(yaml: string, label: string): Mapping {
  // In the failsafe schema every scalar is the text that stands there: True, NO, 007 and 1.0 stay
  // themselves, as values of a column must.
  const document = parseDocument(yaml, { schema: 'failsafe', prettyErrors: true });
  const [broken] = document.errors;
  if (broken !== undefined)
    throw invalid(label, [broken.message.split('\n')[0]?.replace(/:$/, '') ?? 'not YAML'], broken);
  let plain: unknown;
  try {
    plain = document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    throw invalid(label, ['too many aliases'], cause);
  }
  const result = mappingSchema.safeParse(plain);
  if (result.success) return { ...result.data, label };
  const problems = result.error.issues.map(
    ({ path, message }) => `${path.length === 0 ? 'the mapping' : path.join(' → ')}: ${message}`,
  );
  throw invalid(label, problems, result.error);
}

function invalid(label: string, problems: readonly string[], cause: unknown): SignpostError {
  return new SignpostError(
    'mapping-invalid',
    `The mapping ${label} is wrong. ${problems.join('; ')}.`,
    {
      cause,
      hint: 'docs/mappings.md lists every key.',
    },
  );
}
