// Customers whose words are erased, as the store knows them: by the beginning of the hash that an erasure knows them by.
export interface ErasedCustomer {
  /** Of the erasure. */
  readonly id: string;
  /** SHA-256 of the pseudonym, hexadecimal. */
  readonly hash: string;
  /** SHA-256 of what stands for it from now on; null where nothing does any more. */
  readonly token: string | null;
  /** What was received until then is erased, milliseconds since the epoch. */
  readonly until: number;
  /** The same of updates of a ticket, which repeat what was said before; Infinity for all. */
  readonly ticketsUntil: number;
}

export const uuidOf = (hash: string): string =>
  `${hash.slice(0, 8)}-${hash.slice(8, 12)}-${hash.slice(12, 16)}-${hash.slice(16, 20)}-${hash.slice(20, 32)}`;
export const shortOf = (hash: string): string => hash.slice(0, 16);

/** Those of each hash in the form of a column, the first asked for first. */
export function byForm(
  customers: readonly ErasedCustomer[],
  form: (hash: string) => string,
): ReadonlyMap<string, readonly ErasedCustomer[]> {
  return Map.groupBy(customers, ({ hash }) => form(hash));
}

/** An array literal of what has no character to escape: uuids and hexadecimal digits. */
export function plainArray(values: Iterable<string>): string {
  return `{${[...values].join(',')}}`;
}
