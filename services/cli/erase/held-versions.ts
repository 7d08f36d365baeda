// Old versions of the archive's objects: where a bucket keeps what was replaced or deleted, words live on in them, and who
// asked to be erased must be told until when.
import { readOldVersions, type OldVersions } from '#core/objects/old-versions.ts';
import { datasets } from '../../archive/datasets.ts';
import type { ErasedPlace, Erasure } from '../../archive/erasures.ts';
import { dataPrefix } from '../../archive/layout.ts';
import { archiveUrl } from '../archive/open-archive.ts';
import type { Config } from '../config.ts';
import type { LogAt } from '../open-log.ts';
import type { Seen } from './look-for.ts';
import type { Counts } from './tally.ts';

/** Old versions of a dataset's objects that hold words of a person. */
export interface HeldVersions {
  readonly dataset: string;
  /** Milliseconds since the epoch; null where nothing makes them go, or nobody knows. */
  readonly goneBy: number | null;
  /** Why nothing does, and what to do; null where something does. */
  readonly why: string | null;
}

export interface HeldIn {
  /** What a person's words were removed from, or would be. */
  readonly places: Counts;
  /** When the last object with the words is deleted, at the latest. Milliseconds since the epoch. */
  readonly clearBy: number;
}

/** Old versions by prefix of keys, as `readOldVersions` knows them. */
export type AskVersions = (
  prefixes: readonly string[],
) => Promise<ReadonlyMap<string, OldVersions>>;

/** Asks where the archive is. */
export function versionsAt(
  at: LogAt,
  config: Pick<Config, 'archive'>,
  signal?: AbortSignal,
): AskVersions {
  const options = { s3: config.archive.s3, ...(signal === undefined ? {} : { signal }) };
  return (prefixes) => readOldVersions(archiveUrl(at, config), prefixes, options);
}

const dayMs = 86_400_000;

/** A bucket is asked only where words were in it. */
export async function heldVersions(
  ask: AskVersions,
  { places, clearBy }: HeldIn,
): Promise<readonly HeldVersions[]> {
  const held = datasets.filter(({ name }) => (places[`archive ${name}` as ErasedPlace] ?? 0) > 0);
  if (held.length === 0) return [];
  const found = await ask(held.map((dataset) => dataPrefix(dataset)));
  return held.flatMap((dataset) => {
    const versions = found.get(dataPrefix(dataset));
    return versions === undefined ? [] : heldOf(dataset.name, versions, clearBy);
  });
}

function heldOf(dataset: string, versions: OldVersions, clearBy: number): HeldVersions[] {
  switch (versions.kind) {
    case 'none':
      return [];
    case 'days':
      return [{ dataset, goneBy: clearBy + versions.days * dayMs, why: null }];
    case 'kept': {
      const why = `kept by a hold on ${dataset}: no rule of the bucket removes them; lift it or the words stay`;
      return [{ dataset, goneBy: null, why }];
    }
    case 'unknown': {
      const why = `nobody told for how long they are kept, so see to it that they go within the deadline: ${versions.reason}`;
      return [{ dataset, goneBy: null, why }];
    }
  }
}

/** What an erasure took from the archive, and by when. */
export function heldOfErasure({ removed, archiveClearBy, deadlineAt }: Erasure): HeldIn {
  return { places: removed, clearBy: archiveClearBy ?? deadlineAt };
}

/** What an erasure that begins now would take, and by when. */
export function heldOfSight(
  { counts }: Seen,
  { requestedAt, deadlineAt }: Erasure,
  graceMs: number,
): HeldIn {
  return { places: counts, clearBy: Math.min(requestedAt + graceMs, deadlineAt) };
}
