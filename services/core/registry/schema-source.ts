// Where schemas of other releases are found, and how ids of a registry are told apart from the repository's.

/** Finds schemas by the ids that records carry inside Signpost. */
export interface SchemaSource {
  /**
   * The schemas of those `ids` that exist, as text. An id that is not among them is nobody's: the answer is final.
   * @throws SignpostError when that cannot be known now.
   */
  find(ids: readonly number[]): Promise<ReadonlyMap<number, string>>;
}

/** Ids of a registry are positive 32-bit numbers, which leaves room above them. */
const registrysOwn = 0x8000_0000;
/** What no registry ever gave. */
const nobodys = 0xffff_ffff;

/** Inside Signpost, the id of a schema that a registry knows by `wireId` and this release does not know. */
export function foreignId(wireId: number): number {
  return wireId < nobodys - registrysOwn ? wireId + registrysOwn : nobodys;
}

export function isForeign(id: number): boolean {
  return id >= registrysOwn && id < nobodys;
}

/** The registry's id of a foreign one. */
export function wireIdOf(id: number): number {
  return id - registrysOwn;
}

/** An id as people know it. */
export function nameOfId(id: number): string {
  return isForeign(id) ? `${wireIdOf(id)} of the registry` : String(id);
}
