// The shipped mapping that a file's columns ask for, so that a well-known file needs no `--mapping`.
import { SignpostError } from '#core/errors.ts';
import { readMapped } from '../../gateway/files/rows.ts';
import { loadMapping, shippedMappings } from '../../gateway/mapping/mapping.ts';

/** What a mapping says of a file that is not its own. */
const notItsOwn: ReadonlySet<string> = new Set([
  'column-missing',
  'column-twice',
  'header-unreadable',
  'wrong-delimiter',
  'not-json-lines',
]);

/**
 * @returns the name of the one shipped mapping whose columns the file has
 * @throws SignpostError `mapping-unclear` where there is none or more than one; `no-history` where the columns are known
 *   and no record follows; those of `readMapped`.
 */
export async function mappingFor(file: string): Promise<string> {
  const fitting: string[] = [];
  let isHeaderAlone = false;
  const names = await shippedMappings();
  for (const name of names) {
    try {
      let hasRecords = false;
      for await (const { results } of readMapped(file, await loadMapping(name))) {
        hasRecords = true;
        if (results.some(({ ok }) => ok)) fitting.push(name);
        break;
      }
      isHeaderAlone ||= !hasRecords;
    } catch (error) {
      if (!(error instanceof SignpostError && notItsOwn.has(error.code))) throw error;
    }
  }
  if (fitting.length === 1) return fitting[0]!;
  if (fitting.length === 0 && isHeaderAlone)
    throw new SignpostError('no-history', `${file} holds no records.`);
  throw new SignpostError(
    'mapping-unclear',
    fitting.length === 0
      ? `No shipped mapping reads the columns of ${file}.`
      : `More than one shipped mapping reads ${file}: ${fitting.join(', ')}.`,
    {
      hint: `Name one with --mapping: ${names.join(', ')}, or one of your own (docs/mappings.md).`,
    },
  );
}
