// TM Forum's TMF642 Alarm Management, v4 (tmforum.org/open-digital-architecture/open-apis): an alarm is made once
// (Alarm_Create) and changed from then on (Alarm_Update). Types and severities are those of ITU-T X.733.
import type { Alert } from '#schemas/alert.ts';
import {
  isoTime,
  severityOf,
  titleOf,
  type FormatContext,
  type Notice,
  type Payload,
} from '../notice.ts';
import { plainText } from '../plain-text.ts';

/** Below the address of the API. */
export const alarmPath = '/alarm';

/**
 * How the alarm is known from our side. A cleared alarm stays cleared, so what is reopened is a new one, known by its
 * transition.
 */
export function alarmIdOf({ opening, alert }: Pick<Notice, 'opening' | 'alert'>): string {
  return alert.state === 'reopened' ? alert.id : opening.incidentId;
}

export function alarmCreation(notice: Notice, context: FormatContext): Payload {
  const { alert } = notice;
  return json({
    '@type': 'Alarm',
    externalAlarmId: alarmIdOf(notice),
    sourceSystemId: 'signpost',
    alarmRaisedTime: isoTime(alert.state === 'reopened' ? alert.at : alert.startedAt),
    ...changing(notice, context, 'raised'),
  });
}

export function alarmUpdate(notice: Notice, context: FormatContext): Payload {
  return json({ '@type': 'Alarm', ...changing(notice, context, 'updated') });
}

/** What both have: `alarmRaisedTime` and `sourceSystemId` cannot be changed. */
function changing(notice: Notice, context: FormatContext, standing: string) {
  const { alert, by } = notice;
  const isCleared = alert.state === 'resolved';
  const isAcknowledged = alert.state === 'acknowledged';
  const author = isAcknowledged && by !== null ? { ackUserId: plainText(by, 200) } : {};
  return {
    alarmType: 'qualityOfServiceAlarm',
    probableCause: 'thresholdCrossed',
    perceivedSeverity: isCleared ? 'cleared' : severityOf(alert, context.severity),
    state: isCleared ? 'cleared' : standing,
    specificProblem: titleOf(notice, 200),
    alarmDetails: plainText(alert.summary, 2000),
    alarmedObjectType: 'Place',
    alarmedObject: { id: placeIdOf(alert) },
    place: [{ name: plainText(alert.place, 200), role: 'affected area' }],
    reportingSystemId: 'signpost',
    serviceAffecting: true,
    alarmReportingTime: isoTime(alert.detectedAt),
    alarmChangedTime: isoTime(alert.at),
    ...(isCleared && {
      alarmClearedTime: isoTime(alert.resolvedAt ?? alert.at),
      clearSystemId: 'signpost',
    }),
    ackState: isAcknowledged ? 'acknowledged' : 'unacknowledged',
    ...(isAcknowledged && { ackSystemId: 'signpost', ...author }),
  };
}

export function placeIdOf({ place, placeLevel }: Alert): string {
  return place === 'everywhere' ? place : `${placeLevel}:${plainText(place, 200)}`;
}

function json(value: unknown): Payload {
  return { body: JSON.stringify(value), contentType: 'application/json' };
}
