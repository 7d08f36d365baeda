// An address that records are sent to, `POST /v1/<kind>`: what a service says of it, whoever runs the HTTP server. The
// server sees to keys, sizes, memory and durability; the service to what a record must be.
import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { OutgoingRecord } from '../log/port.ts';
import type { Refusal } from '../refusal.ts';

/** Whose records are. */
export interface KnownSender {
  /** Of the sender's key. */
  readonly source: string;
  /** The departments a reader is held to; null for who is held to none. */
  readonly departments: readonly string[] | null;
}

/** How a record came. */
export interface Reception extends KnownSender {
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** W3C trace context, checked. */
  readonly traceparent: string | undefined;
}

/** Who sends a request. */
export interface Sender {
  readonly ip: string;
  readonly headers: IncomingHttpHeaders;
}

export interface RecordRoute<Kind extends string = string> {
  /** Last part of the address, and what a key must be allowed to send. */
  readonly kind: Kind;
  /**
   * A sender that the service knows by more than a key of the server, such as a session of its pages; null leaves it to
   * the keys. @throws Problem for one that it knows and refuses.
   */
  readonly senderOf?: (sender: Sender) => Promise<KnownSender | null>;
  /** One record as the OpenAPI document shows it. */
  readonly body: z.ZodType;
  /**
   * What is appended for one input object, or why it is refused. Pure.
   * @throws Problem for what the sender may not say; nothing of the request is taken in then.
   */
  take(
    input: unknown,
    reception: Reception,
  ): { readonly ok: true; readonly outgoing: OutgoingRecord } | Refusal;
}
