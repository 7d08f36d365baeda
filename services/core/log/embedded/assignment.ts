// Which member of a group reads which partition: evenly spread, and moving as few partitions as that allows.

export interface Assignable {
  readonly id: number;
  readonly topic: string;
  readonly partition: number;
}

/**
 * Assigns every partition to one of the members subscribed to its topic. `holders` says who has it now; no two members
 * of the same topics end up more than one partition apart.
 */
export function assign<M extends { readonly topics: ReadonlySet<string> }>(
  partitions: readonly Assignable[],
  members: readonly M[],
  holders: ReadonlyMap<number, M>,
): Map<number, M> {
  const owned = new Map<M, Assignable[]>(members.map((member) => [member, []]));
  // Partition number first, so that each member gets some of every topic.
  const ordered = partitions.toSorted(
    (a, b) => a.partition - b.partition || (a.topic < b.topic ? -1 : 1),
  );
  const count = (member: M): number => owned.get(member)?.length ?? 0;
  const fewest = (candidates: readonly M[]): M | undefined =>
    candidates.reduce<M | undefined>(
      (best, member) => (best === undefined || count(member) < count(best) ? member : best),
      undefined,
    );

  const free: Assignable[] = [];
  const share = Math.ceil(partitions.length / Math.max(1, members.length));
  for (const partition of ordered) {
    const holder = holders.get(partition.id);
    const keeps = holder !== undefined && holder.topics.has(partition.topic);
    const held = keeps ? owned.get(holder) : undefined;
    if (held !== undefined && held.length < share) held.push(partition);
    else free.push(partition);
  }
  for (const partition of free) {
    const taker = fewest(members.filter(({ topics }) => topics.has(partition.topic)));
    if (taker !== undefined) owned.get(taker)?.push(partition);
  }
  for (let moved = true; moved;) {
    moved = false;
    for (const held of owned.values()) {
      for (let i = held.length - 1; i >= 0; i -= 1) {
        const partition = held[i] as Assignable;
        const to = fewest(members.filter(({ topics }) => topics.has(partition.topic)));
        if (to === undefined || count(to) + 1 >= held.length) continue;
        held.splice(i, 1);
        owned.get(to)?.push(partition);
        moved = true;
      }
    }
  }
  return new Map(
    [...owned].flatMap(([member, held]) => held.map(({ id }) => [id, member] as const)),
  );
}
