// What claims keep of their entities, for an erasure to change: the log's own file or the database beside it has it.

export interface EntityPayloads {
  /**
   * Changes the payloads of entities wherever they are kept. Claims made meanwhile see them as they were before or after.
   * @param entities as they were claimed, see `Claim`; those that nothing is kept of are passed over
   * @param change returns the payload itself where it is to stay
   * @returns how many payloads were changed
   */
  rewriteEntities(
    entities: readonly string[],
    change: (payload: Uint8Array) => Uint8Array,
  ): Promise<number>;
}
