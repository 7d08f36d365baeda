// TM Forum's TMF656 Service Problem Management, v4: a problem is made once (ServiceProblem_Create) and changed from then
// on (ServiceProblem_Update). Its status is the server's to begin with.
import type { Alert } from '#schemas/alert.ts';
import {
  isoTime,
  severityOf,
  titleOf,
  type FormatContext,
  type Notice,
  type Payload,
  type Severity,
} from '../notice.ts';
import { plainText } from '../plain-text.ts';
import { placeIdOf } from './tmf642.ts';

/** Below the address of the API. */
export const problemPath = '/serviceProblem';

/** From 1, the highest, to 10. */
const priorities: Readonly<Record<Severity, number>> = {
  critical: 1,
  major: 3,
  minor: 5,
  warning: 8,
};

/** ServiceProblemStateType; undefined leaves it as it is. */
const statuses: Readonly<Record<Alert['state'], string | undefined>> = {
  firing: undefined,
  acknowledged: 'acknowledged',
  suppressed: 'held',
  reopened: 'inProgress',
  resolved: 'resolved',
  unknown: undefined,
};

export function problemCreation(notice: Notice, context: FormatContext): Payload {
  const { opening } = notice;
  return json({
    '@type': 'ServiceProblem',
    originatingSystem: 'signpost',
    originatorParty: {
      id: 'signpost',
      name: 'Signpost',
      role: 'originator',
      '@referredType': 'Organization',
    },
    externalIdentifier: [
      { id: opening.incidentId, externalIdentifierType: 'incident', owner: 'signpost' },
    ],
    firstAlert: { id: opening.id, role: 'first alert', '@referredType': 'Alert' },
    ...changing(notice, context),
  });
}

export function problemUpdate(notice: Notice, context: FormatContext): Payload {
  return json({ '@type': 'ServiceProblem', ...changing(notice, context) });
}

function changing(notice: Notice, context: FormatContext) {
  const { alert, by } = notice;
  const status = statuses[alert.state];
  const author = by === null ? '' : ` by ${plainText(by, 200)}`;
  return {
    category: 'system.originated',
    name: titleOf(notice, 200),
    description: plainText(alert.summary, 2000),
    reason: 'More customers than usual say so; the cause is unknown',
    priority: priorities[severityOf(alert, context.severity)],
    affectedLocation: [
      { id: placeIdOf(alert), name: plainText(alert.place, 200), role: 'affected area' },
    ],
    ...(alert.estimatedAffected !== null && {
      affectedNumberOfServices: Math.round(alert.estimatedAffected),
    }),
    ...(status !== undefined && {
      status,
      statusChangeDate: isoTime(alert.at),
      statusChangeReason: `${alert.state}${author}`,
    }),
    ...(alert.state === 'resolved' && { resolutionDate: isoTime(alert.resolvedAt ?? alert.at) }),
  };
}

function json(value: unknown): Payload {
  return { body: JSON.stringify(value), contentType: 'application/json' };
}
