// Where claims live when the log is Kafka: a database of their own, since a Kafka transaction cannot hold them.
// Exactly once holds all the same, because a claim names the record that made it and claiming is idempotent: a batch
// whose transaction aborts after its claims were stored comes again and finds itself the owner.
import type { Claim, ClaimOutcome } from '../port.ts';

export interface ClaimStore {
  /**
   * Stores what is new and answers one outcome per claim, in their order; durable once resolved. All claims are of
   * records of one partition, `claim.offset` each.
   *
   * The first to claim an id owns it for ever (until retention): same position, the same record redelivered; any
   * other, a duplicate. Claims of one call count in their order. `history` holds the payloads of the entity's owned
   * claims that arrived before this one, oldest first, its own included when it owns its id. Asked again for the same
   * records it answers the same, also after later claims of the entity were stored, so arrival must be kept.
   * @throws SignpostError when the store cannot answer; nothing or all of the call was stored.
   */
  claim(
    at: { readonly topic: string; readonly partition: number },
    claims: readonly Claim[],
  ): Promise<readonly ClaimOutcome[]>;
  close(): Promise<void>;
}
