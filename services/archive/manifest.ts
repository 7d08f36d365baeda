// The manifest of a dataset's day: the files that count. Whoever changes the archive writes new files first and then the
// manifest, at once and only if nobody else has meanwhile; so a reader that goes by manifests is right at every moment.
import { z } from 'zod';
import { SignpostError } from '#core/errors.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import type { Dataset } from './datasets.ts';
import { dayOfManifestKey, manifestKey, manifestPrefix, symlinksKey } from './layout.ts';

const count = z.number().int().nonnegative();

/** What a file holds of a range of offsets: the rows of its day. */
const covered = z.strictObject({
  topic: z.string().min(1),
  partition: count,
  from: count,
  to: count,
  rows: count,
  /** Of `rows`, those whose words were erased: they are not in the checksum. */
  erased: count,
  /** See `checksum.ts`. */
  checksum: z.string().regex(/^[\da-f]{16}$/),
  /** Id of the schema that the checksum was made with, the codec's own by then: sums of different ones are not compared or added. */
  schema: count,
});
export type Covered = z.output<typeof covered>;

const file = z.strictObject({
  key: z.string().min(1),
  rows: count,
  bytes: count,
  sha256: z.string().regex(/^[\da-f]{64}$/),
  covers: z.array(covered).min(1),
});
export type ManifestFile = z.output<typeof file>;

const manifestSchema = z.strictObject({
  dataset: z.string(),
  version: z.number().int(),
  day: z.string(),
  /** Counts the changes. */
  revision: count,
  rows: count,
  files: z.array(file),
  /**
   * Keys that do not count, or not any more, and since when, milliseconds since the epoch: readers of an older manifest may
   * still read them, and then they are deleted. Such a key is never added to `files`: somebody may be deleting it.
   */
  retired: z.array(z.strictObject({ key: z.string(), at: count })),
});
export type Manifest = z.output<typeof manifestSchema>;

export interface HeldManifest {
  readonly manifest: Manifest;
  /** Null where there is none yet. */
  readonly etag: string | null;
}

/** The manifest as it is; an empty one where there is none. @throws SignpostError `archive-damaged`. */
export async function readManifest(
  store: ObjectStore,
  { name, version }: Pick<Dataset<unknown>, 'name' | 'version'>,
  day: string,
): Promise<HeldManifest> {
  const key = manifestKey({ name, version }, day);
  const held = await store.get(key);
  if (held === null)
    return {
      manifest: { dataset: name, version, day, revision: 0, rows: 0, files: [], retired: [] },
      etag: null,
    };
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(held.bytes);
    return { manifest: manifestSchema.parse(JSON.parse(text)), etag: held.etag };
  } catch (cause) {
    throw new SignpostError('archive-damaged', `${key} in ${store.where} is not a manifest`, {
      hint: 'Put back an earlier version of the object, where the bucket keeps versions.',
      cause,
    });
  }
}

/** Days that a dataset has manifests of, in order. */
export async function* manifestDays(
  store: ObjectStore,
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
): AsyncGenerator<string> {
  for await (const { key } of store.list(manifestPrefix(dataset))) {
    const day = dayOfManifestKey(key);
    if (day !== undefined) yield day;
  }
}

/**
 * Changes a manifest, from whatever it is by then: `change` may be called several times.
 * @param change null where nothing is to be changed. `revision` and `rows` are seen to.
 * @returns the manifest as it stands
 */
export async function changeManifest(
  store: ObjectStore,
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
  day: string,
  change: (manifest: Manifest) => Manifest | null,
): Promise<Manifest> {
  for (;;) {
    const { manifest, etag } = await readManifest(store, dataset, day);
    const changed = change(manifest);
    if (changed === null) return manifest;
    const next: Manifest = {
      ...changed,
      revision: manifest.revision + 1,
      rows: changed.files.reduce((sum, { rows }) => sum + rows, 0),
    };
    const put = await store.put(
      manifestKey(dataset, day),
      new TextEncoder().encode(`${JSON.stringify(next)}\n`),
      etag === null ? { kind: 'absent' } : { kind: 'match', etag },
    );
    if (put === 'conflict') continue;
    await writeSymlinks(store, dataset, day, next);
    return next;
  }
}

/** Lists what `manifest` names, and writes it until it says what the manifest says: a slower writer may have put an older list over a newer one. */
async function writeSymlinks(
  store: ObjectStore,
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
  day: string,
  written: Manifest,
): Promise<void> {
  for (let manifest = written; ;) {
    await store.put(symlinksKey(dataset, day), symlinksOf(store, manifest));
    const { manifest: now } = await readManifest(store, dataset, day);
    if (now.revision === manifest.revision) return;
    manifest = now;
  }
}

/** What the list of files of a day is to say. */
function symlinksOf({ where }: Pick<ObjectStore, 'where'>, { files }: Manifest): Uint8Array {
  return new TextEncoder().encode(files.map(({ key }) => `${where}/${key}\n`).join(''));
}

/** Writes the list of files where it does not say what the manifest says. @returns whether it did not */
export async function renewSymlinks(
  store: ObjectStore,
  dataset: Pick<Dataset<unknown>, 'name' | 'version'>,
  day: string,
): Promise<boolean> {
  const listed = await store.get(symlinksKey(dataset, day));
  const { manifest, etag } = await readManifest(store, dataset, day);
  if (etag === null) return false;
  if (listed !== null && Buffer.compare(listed.bytes, symlinksOf(store, manifest)) === 0)
    return false;
  await writeSymlinks(store, dataset, day, manifest);
  return true;
}
