// Consumer groups: who is in, who holds which partition, and which batch is out under which lease. A lease exists
// only as long as its holder may commit it; whoever comes with another one is fenced.
import { SignpostError } from '../../errors.ts';
import { assign } from './assignment.ts';
import type { Assignable } from './assignment.ts';

export interface MemberOptions {
  readonly group: string;
  readonly topics: ReadonlySet<string>;
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** Whether the member says where to start a partition on assignment. */
  readonly choosesStart: boolean;
}

export interface Member extends MemberOptions {
  readonly id: number;
  /** Whose membership it is: all of a client's members leave with it. */
  readonly client: object;
  /** Requests for a batch that wait for an answer, oldest first. */
  readonly waiting: number[];
  lastSeen: number;
  turn: number;
}

export interface GroupPartition extends Assignable {
  start: number;
  end: number;
}

export interface Hold<P extends GroupPartition> {
  readonly partition: P;
  readonly member: Member;
  readonly epoch: number;
  /** Next offset to deliver; undefined until the member has said where to start. */
  position: number | undefined;
  lease: Lease<P> | undefined;
  /** Who gets the partition once the batch that is out comes back. */
  heir: Member | undefined;
}

export interface Lease<P extends GroupPartition> {
  readonly id: number;
  readonly hold: Hold<P>;
  /** Where the partition goes on once it is committed. */
  to: number;
  /** Set while a transaction commits it, so that a second commit of one batch is refused. */
  committing: boolean;
}

export type Pick<P extends GroupPartition> =
  | { readonly kind: 'ready'; readonly hold: Hold<P>; readonly position: number }
  | { readonly kind: 'choose-start'; readonly holds: readonly Hold<P>[] }
  | { readonly kind: 'nothing' };

export interface Groups<P extends GroupPartition> {
  readonly now: () => number;
  join(options: MemberOptions, client: object): Member;
  leave(member: Member): void;
  member(id: number): Member | undefined;
  membersOf(client: object): readonly Member[];
  /** Notes that the member is alive, taking it back in when it had been given up. */
  seen(member: Member): void;
  /** The member's next partition with something to read, in turn. */
  pick(member: Member): Pick<P>;
  begin(hold: Hold<P>, to: number): Lease<P>;
  /** @throws SignpostError `fenced` when the lease is not current. */
  lease(id: number): Lease<P>;
  settle(lease: Lease<P>, committed: boolean): void;
  holds(member: Member): readonly Hold<P>[];
  /**
   * Moves the group from `base` to the partition's end, when `base` is where it is: members then need not read what
   * lies between. Undefined when it is elsewhere, or a batch is out.
   */
  passOver(group: string, partition: P, base: number): { undo: () => void } | undefined;
  /** Takes partitions from members not seen within the session timeout. */
  expire(): void;
  /** Members that wait for a batch of the group(s). */
  waiting(): readonly Member[];
  /** The least position at which a present member reads a partition. */
  openPosition(partitionId: number): number | undefined;
}

export interface GroupsOptions<P extends GroupPartition> {
  readonly now: () => number;
  readonly sessionTimeoutMs: number;
  readonly partitionsOf: (topics: ReadonlySet<string>) => readonly P[];
  readonly committedOffset: (group: string, partition: P) => number | undefined;
}

export function createGroups<P extends GroupPartition>(options: GroupsOptions<P>): Groups<P> {
  const groups = new Map<string, { members: Set<Member>; holds: Map<number, Hold<P>> }>();
  const members = new Map<number, Member>();
  const leases = new Map<number, Lease<P>>();
  let lastId = 0;

  function groupOf(name: string): { members: Set<Member>; holds: Map<number, Hold<P>> } {
    let group = groups.get(name);
    if (group === undefined) {
      group = { members: new Set(), holds: new Map() };
      groups.set(name, group);
    }
    return group;
  }

  function startOf(member: Member, partition: P): number | undefined {
    if (member.choosesStart) return undefined;
    return options.committedOffset(member.group, partition) ?? partition.start;
  }

  function give(group: { holds: Map<number, Hold<P>> }, partition: P, member: Member): void {
    const previous = group.holds.get(partition.id);
    if (previous?.lease !== undefined) leases.delete(previous.lease.id);
    group.holds.set(partition.id, {
      partition,
      member,
      epoch: (lastId += 1),
      position: startOf(member, partition),
      lease: undefined,
      heir: undefined,
    });
  }

  function rebalance(name: string): void {
    const group = groupOf(name);
    if (group.members.size === 0) {
      for (const { lease } of group.holds.values()) if (lease) leases.delete(lease.id);
      group.holds.clear();
      groups.delete(name);
      return;
    }
    const topics = new Set([...group.members].flatMap((member) => [...member.topics]));
    const partitions = options.partitionsOf(topics);
    const holders = new Map<number, Member>();
    for (const [id, { member }] of group.holds) {
      if (group.members.has(member)) holders.set(id, member);
    }
    const wanted = assign(partitions, [...group.members], holders);
    for (const [id, hold] of group.holds) {
      if (wanted.has(id)) continue;
      if (hold.lease !== undefined) leases.delete(hold.lease.id);
      group.holds.delete(id);
    }
    for (const partition of partitions) {
      const member = wanted.get(partition.id);
      if (member === undefined) continue;
      const hold = group.holds.get(partition.id);
      if (hold !== undefined && hold.member === member) hold.heir = undefined;
      // A batch that is out with a live member may finish first: moving at once would only waste its work.
      else if (hold?.lease !== undefined && group.members.has(hold.member)) hold.heir = member;
      else give(group, partition, member);
    }
  }

  function holds(member: Member): readonly Hold<P>[] {
    const group = groups.get(member.group);
    if (group === undefined) return [];
    return [...group.holds.values()].filter((hold) => hold.member === member);
  }

  return {
    now: options.now,
    join(memberOptions, client) {
      const member: Member = {
        ...memberOptions,
        id: (lastId += 1),
        client,
        waiting: [],
        lastSeen: options.now(),
        turn: 0,
      };
      members.set(member.id, member);
      groupOf(member.group).members.add(member);
      rebalance(member.group);
      return member;
    },
    leave(member) {
      members.delete(member.id);
      if (groups.get(member.group)?.members.delete(member) === true) rebalance(member.group);
    },
    member: (id) => members.get(id),
    membersOf: (client) => [...members.values()].filter((member) => member.client === client),
    seen(member) {
      member.lastSeen = options.now();
      const group = groupOf(member.group);
      if (group.members.has(member)) return;
      group.members.add(member);
      rebalance(member.group);
    },
    pick(member) {
      const mine = holds(member).filter(({ lease, heir }) => !lease && !heir);
      const undecided = mine.filter(({ position }) => position === undefined);
      if (undecided.length > 0) return { kind: 'choose-start', holds: undecided };
      for (let i = 0; i < mine.length; i += 1) {
        const hold = mine[(member.turn + i) % mine.length] as Hold<P>;
        const position = Math.max(hold.position ?? 0, hold.partition.start);
        if (position >= hold.partition.end) continue;
        member.turn = (member.turn + i + 1) % mine.length;
        return { kind: 'ready', hold, position };
      }
      return { kind: 'nothing' };
    },
    begin(hold, to) {
      const lease: Lease<P> = { id: (lastId += 1), hold, to, committing: false };
      hold.lease = lease;
      leases.set(lease.id, lease);
      return lease;
    },
    lease(id) {
      const lease = leases.get(id);
      if (lease !== undefined && !lease.committing) return lease;
      throw new SignpostError(
        'fenced',
        'The batch is not out any more: its partition moved on, or it was committed or released',
        {
          hint: 'Nothing was written. The records are delivered again to whoever holds the partition.',
        },
      );
    },
    settle(lease, committed) {
      const { hold } = lease;
      leases.delete(lease.id);
      hold.lease = undefined;
      if (committed) hold.position = lease.to;
      if (hold.heir !== undefined) give(groupOf(hold.member.group), hold.partition, hold.heir);
    },
    holds,
    passOver(group, partition, base) {
      const hold = groups.get(group)?.holds.get(partition.id);
      if (hold === undefined) {
        const at = options.committedOffset(group, partition) ?? partition.start;
        return at === base ? { undo: () => {} } : undefined;
      }
      if (hold.position !== base || hold.lease !== undefined) return undefined;
      hold.position = partition.end;
      return { undo: () => (hold.position = base) };
    },
    expire() {
      const oldest = options.now() - options.sessionTimeoutMs;
      for (const member of members.values()) {
        if (member.waiting.length > 0 || member.lastSeen > oldest) continue;
        const present = groups.get(member.group)?.members;
        if (present?.delete(member) !== true) continue;
        try {
          rebalance(member.group);
        } catch (error) {
          // Still due at the next call: its partitions have not moved.
          present.add(member);
          throw error;
        }
      }
    },
    waiting: () => [...members.values()].filter((member) => member.waiting.length > 0),
    openPosition(partitionId) {
      const positions = [...groups.values()].flatMap(({ holds: held }) => {
        const hold = held.get(partitionId);
        return hold === undefined ? [] : [hold.position ?? hold.partition.start];
      });
      return positions.length === 0 ? undefined : Math.min(...positions);
    },
  };
}
