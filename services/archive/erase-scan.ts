// Whose words the archive's files hold: read of a few columns, of all files that count.
import type { Signal } from '#schemas/signal.ts';
import type { ObjectStore } from '#core/objects/port.ts';
import { insights, revisions, signals, type Dataset } from './datasets.ts';
import { takes, type Erased, type Taken } from './erasures.ts';
import { manifestDays, readManifest, type ManifestFile } from './manifest.ts';
import { readColumns } from './parquet/read.ts';

/** Datasets of records that name their customer. */
export const spokenDatasets = [signals, insights, revisions] as const;
export type SpokenDataset = (typeof spokenDatasets)[number];

/** What of a row says whose words it holds. */
export interface Said extends Pick<
  Signal,
  'id' | 'customer' | 'receivedAt' | 'kind' | 'revision' | 'source' | 'sourceId'
> {
  /** Null where they are there. */
  readonly erasedAt: number | null;
}

export interface Ticket {
  readonly source: string;
  readonly sourceId: string;
}

/** A person's own, as the archive knows them. */
export interface PersonsOwn {
  /** By `ticketKey`. Updates that name no customer are of whoever the ticket is of. */
  readonly tickets: Map<string, Taken & Ticket>;
  /** By id of the insight. */
  readonly insights: Map<string, Taken>;
}

export function ticketKey({ source, sourceId }: Ticket): string {
  return `${source}\u0000${sourceId}`;
}

/** The erasure that takes these words, also where only the ticket says whose they are. */
export function takenOf(said: Said, erased: Erased, own: PersonsOwn): Taken | undefined {
  if (said.erasedAt !== null) return undefined;
  if (said.customer !== null) return erased.of(said);
  if (said.kind !== 'ticket') return undefined;
  const taken = own.tickets.get(ticketKey(said));
  return taken !== undefined && takes(taken.erasure, said) ? taken : undefined;
}

/** By what stands for a person now: its rows that are erased already. */
export function byToken(erased: Erased): ReadonlyMap<string, Taken> {
  return new Map(
    erased.erasures.flatMap((erasure) =>
      erasure.subjects.flatMap(({ token }) =>
        token === null ? [] : [[token, { erasure, token }] as const],
      ),
    ),
  );
}

/** Adds what a row tells to what is known of the persons. */
export function learnFrom(
  said: Said,
  erased: Erased,
  tokens: ReadonlyMap<string, Taken>,
  own: PersonsOwn,
): void {
  if (said.customer === null) return;
  const taken = tokens.get(said.customer) ?? erased.of(said);
  if (taken === undefined) return;
  own.insights.set(said.id, taken);
  const { source, sourceId } = said;
  if (said.kind === 'ticket') own.tickets.set(ticketKey(said), { ...taken, source, sourceId });
}

/** All files of a dataset that count, day by day. */
export async function* filesOf(
  store: ObjectStore,
  dataset: Dataset<never>,
): AsyncGenerator<{ readonly day: string; readonly file: ManifestFile }> {
  for await (const day of manifestDays(store, dataset)) {
    const { manifest } = await readManifest(store, dataset, day);
    for (const file of manifest.files) yield { day, file };
  }
}

const asked = ['customer', 'receivedAt', 'kind', 'revision', 'source', 'sourceId', 'id'] as const;

/** Of each row whose words it holds, some rows at a time; reads hardly more of the object than these columns. */
export async function* saidIn(
  store: ObjectStore,
  dataset: SpokenDataset,
  { key, bytes }: Pick<ManifestFile, 'key' | 'bytes'>,
): AsyncGenerator<readonly Said[]> {
  const path = (name: string): string => (dataset.name === 'signals' ? name : `signal.${name}`);
  const names = [...asked.map(path), '_erased_at'];
  for await (const group of readColumns(
    dataset as Dataset<unknown>,
    rangedFile(store, key, bytes),
    names,
  )) {
    const column = (name: string): readonly unknown[] => group[name]!;
    const columns = asked.map((name) => column(path(name)));
    yield column('_erased_at').map((erasedAt, row) => {
      const [customer, receivedAt, kind, revision, source, sourceId, id] = columns.map(
        (values) => values[row],
      );
      return { customer, receivedAt, kind, revision, source, sourceId, id, erasedAt } as Said;
    });
  }
}

/** An object as a file that is read in pieces. */
export function rangedFile(store: ObjectStore, key: string, bytes: number) {
  return {
    where: `${key} in ${store.where}`,
    byteLength: bytes,
    async slice(start: number, end = bytes): Promise<ArrayBuffer> {
      return new Uint8Array(await store.range(key, start, end)).buffer;
    },
  };
}
