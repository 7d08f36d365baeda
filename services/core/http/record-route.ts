// An address that records are sent to, `POST /v1/<kind>`: what a service says of it, whoever runs the HTTP server. The
// server sees to keys, sizes, memory and durability; the service to what a record must be.
import type { z } from 'zod';
import type { OutgoingRecord } from '../log/port.ts';
import type { Refusal } from '../refusal.ts';

/** How a record came. */
export interface Reception {
  /** Of the sender's key. */
  readonly source: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** W3C trace context, checked. */
  readonly traceparent: string | undefined;
}

export interface RecordRoute<Kind extends string = string> {
  /** Last part of the address, and what a key must be allowed to send. */
  readonly kind: Kind;
  /** One record as the OpenAPI document shows it. */
  readonly body: z.ZodType;
  /** What is appended for one input object, or why it is refused. Pure. */
  take(
    input: unknown,
    reception: Reception,
  ): { readonly ok: true; readonly outgoing: OutgoingRecord } | Refusal;
}
