// Checksums of a file's column chunks, in its metadata: of each row group the CRC-32 of every chunk, in order. A reader of
// a few columns knows from them that it has what was written; decoders need not be proof against damage.
export const sumsKey = 'signpost.crc32';

/** As JSON. */
export function textOfSums(sums: readonly (readonly number[])[]): string {
  return JSON.stringify(sums);
}

/** @throws Error where it is no such text */
export function sumsOfText(text: string | undefined): readonly (readonly number[])[] {
  const sums: unknown = JSON.parse(text ?? 'null');
  if (!Array.isArray(sums) || !sums.every((group) => Array.isArray(group)))
    throw new Error('there are no checksums');
  return sums as readonly (readonly number[])[];
}
