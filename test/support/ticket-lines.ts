// Tickets of the fictional provider as a file to import, with what imports meet: some lines twice, some broken.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from '../../services/gateway/synthetic/generate.ts';

export interface TicketLines {
  /** Of the records, as the mapping names it. */
  readonly source: string;
  /** Of each part other tickets, said a day later. */
  readonly part: number;
  readonly lines: number;
}

/** @returns paths of the file and of its mapping */
export function writeTickets(
  directory: string,
  { source, part, lines }: TicketLines,
): { readonly file: string; readonly mapping: string } {
  const all: string[] = [];
  const from = Date.UTC(2026, 9, 1 + part);
  for (const { kind, input } of generate({ seed: 7 + part, from, to: Infinity, ratePerHour: 60 })) {
    if (kind !== 'tickets') continue;
    all.push(JSON.stringify({ ...input, id: `${part}-${String(input['id'])}` }));
    if (all.length % 97 === 0) all.push(all.at(-1)!);
    if (all.length % 181 === 0) all.push('{"id": ');
    if (all.length >= lines) break;
  }
  const file = join(directory, `tickets-${part}.jsonl`);
  const mapping = join(directory, 'tickets.yaml');
  writeFileSync(file, `${all.join('\n')}\n`);
  writeFileSync(mapping, mappingOf(source));
  return { file, mapping };
}

const mappingOf = (source: string): string => `
source: ${source}
kind: tickets
format: jsonl
time: { column: occurredAt, format: epoch-milliseconds }
fields:
  id: id
  version: version
  customerId: customerId
  name: name
  description: description
  ticketType: ticketType
  status: { column: status, other: reject, values: { acknowledged: acknowledged, rejected: rejected, pending: pending, held: held, inProgress: inProgress, cancelled: cancelled, closed: closed, resolved: resolved } }
`;
