// A store of objects as the archive sees it: whole objects by key, written at once or not at all, with the conditions that
// let several writers agree without a lock. S3 and a directory implement it; nobody knows which.

export interface ObjectInfo {
  /** Parts joined by slashes, none of them empty, `.` or `..`; at most 1,024 bytes of UTF-8. */
  readonly key: string;
  readonly bytes: number;
  /** Another one for another content. */
  readonly etag: string;
  /** Milliseconds since the epoch, by the store's clock. */
  readonly modifiedAt: number;
}

export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

/** What must hold for a write to happen. */
export type PutCondition =
  /** There is no object of this key. */
  | { readonly kind: 'absent' }
  /** It is still the one that was read. */
  | { readonly kind: 'match'; readonly etag: string };

/**
 * Every call is tried again while the store is away, busy or answers 5xx, until it answers or `signal` (of the store as it
 * was opened) aborts. @throws SignpostError `objects-unavailable` when it does not answer for long; `objects-refused` when
 * it refuses for good (no such bucket, no right, no room on the disk), with what to do.
 */
export interface ObjectStore {
  /** For messages: `s3://bucket/prefix` or the directory. */
  readonly where: string;
  /** Null where there is none. */
  get(key: string): Promise<StoredObject | null>;
  /** Bytes from `start` up to `end`, exclusive; fewer at the end of the object. @throws SignpostError `objects-gone` where there is none. */
  range(key: string, start: number, end: number): Promise<Uint8Array>;
  head(key: string): Promise<ObjectInfo | null>;
  /**
   * Writes the whole object: readers see what was there before or all of it, never a part, and it is durable once resolved.
   * A write whose answer was lost and that is tried again finds its own bytes there and has succeeded; where somebody else
   * replaced them meanwhile it may be told `conflict`. So a change has to bear being looked for before it is made again.
   * @returns its etag, or `conflict` where the condition does not hold: nothing was written
   */
  put(
    key: string,
    bytes: Uint8Array,
    condition?: PutCondition,
  ): Promise<{ readonly etag: string } | 'conflict'>;
  /**
   * All objects whose key begins with `prefix`, by key in the order of its UTF-8 bytes. Their etags are good for comparing
   * with those of other lists and as conditions; `get`, `head` and `put` may tell versions of the same content apart.
   * @param after begins behind this key
   */
  list(prefix: string, after?: string): AsyncIterable<ObjectInfo>;
  /** What is not there is no error. */
  delete(keys: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
