// What a target is to be told, before it has any form: a transition, what its incident was first told as, and how grave.
import type { Alert } from '#schemas/alert.ts';
import { plainText } from './plain-text.ts';
import type { SeverityLimits } from './targets.ts';

export interface Notice {
  /** Same for every attempt; see `messageId`. */
  readonly id: string;
  readonly alert: Alert;
  /** The first transition of the incident: what names it stays as it was, whatever widens later. */
  readonly opening: Alert;
  /** Who acknowledged; null where the transition has no author. */
  readonly by: string | null;
  /** Counts reminders of what stands; 0 for the transition itself. */
  readonly repeat: number;
  readonly isTest: boolean;
}

export interface FormatContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Name of the target. */
  readonly receiver: string;
  readonly portalUrl: string | undefined;
  readonly severity: SeverityLimits;
}

/** What is sent below a target's address. */
export interface Payload {
  readonly body: string;
  readonly contentType: string;
}

export const severities = ['critical', 'major', 'minor', 'warning'] as const;
export type Severity = (typeof severities)[number];

/** By the estimate of the customers affected; by those who said so where there is none. */
export function severityOf(
  { estimatedAffected, customers }: Alert,
  limits: SeverityLimits,
): Severity {
  const affected = estimatedAffected ?? customers;
  if (affected >= limits.critical) return 'critical';
  if (affected >= limits.major) return 'major';
  return affected >= limits.minor ? 'minor' : 'warning';
}

/** Where readers see the incident; undefined where no address of the pages is set. */
export function linkTo(incidentId: string, portalUrl: string | undefined): string | undefined {
  if (portalUrl === undefined) return undefined;
  const url = new URL(portalUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/alerts/${encodeURIComponent(incidentId)}`;
  return url.href;
}

const stateWords: Readonly<Record<Alert['state'], string>> = {
  firing: 'Firing',
  acknowledged: 'Acknowledged',
  suppressed: 'Silenced',
  reopened: 'Again',
  resolved: 'Resolved',
  unknown: 'Changed',
};

/** One line: `Firing: outage, speed in Miami (city)`. */
export function titleOf({ alert, repeat, isTest }: Notice, maxLength: number): string {
  const themes = alert.themes.length === 0 ? 'reports' : alert.themes.join(', ');
  const where =
    alert.place === 'everywhere' ? 'everywhere' : `in ${alert.place} (${alert.placeLevel})`;
  const state =
    repeat > 0 ? `Still ${stateWords[alert.state].toLowerCase()}` : stateWords[alert.state];
  return plainText(`${isTest ? 'TEST ' : ''}${state}: ${themes} ${where}`, maxLength);
}

/** Names and values to show beside the sentence, without what is not known. */
export function factsOf({
  alert,
  by,
}: Notice): readonly (readonly [name: string, value: string])[] {
  const { estimatedAffected, estimatedAffectedLow: low, estimatedAffectedHigh: high } = alert;
  const interval = low === null || high === null ? '' : ` (${whole(low)} to ${whole(high)})`;
  const facts: (readonly [string, string | null])[] = [
    ['Since', minute(alert.startedAt)],
    ['Until', alert.resolvedAt === null ? null : minute(alert.resolvedAt)],
    ['Customers who said so', whole(alert.customers)],
    ['Usual', alert.expectedCustomers === null ? null : alert.expectedCustomers.toFixed(1)],
    [
      'Affected, estimated',
      estimatedAffected === null ? null : `${whole(estimatedAffected)}${interval}`,
    ],
    ['Product', alert.product],
    ['Words that rose', alert.words.length === 0 ? null : alert.words.join(', ')],
    ['Planned there', alert.planned.length === 0 ? null : alert.planned.join('; ')],
    ['For', alert.departments.length === 0 ? null : alert.departments.join(', ')],
    ['By', by],
  ];
  return facts.flatMap(([name, value]) =>
    value === null ? [] : [[name, plainText(value, 500)] as const],
  );
}

export function isoTime(at: number): string {
  return new Date(at).toISOString();
}

/** `2026-11-29 09:15 UTC` */
function minute(at: number): string {
  return `${isoTime(at).slice(0, 16).replace('T', ' ')} UTC`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
