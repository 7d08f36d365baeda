// The record itself as JSON: the attributes of a CloudEvent (github.com/cloudevents/spec, cloudevents/spec.md) and the
// `type`, `timestamp` and `data` that Standard Webhooks advise. Times are RFC 3339 in UTC.
import {
  isoTime,
  linkTo,
  severityOf,
  type FormatContext,
  type Notice,
  type Payload,
} from '../notice.ts';

export const eventType = 'signpost.alerts.raised.v1';

export function webhookPayload(notice: Notice, context: FormatContext): Payload {
  const { alert, by, repeat, isTest, id } = notice;
  const { at, startedAt, detectedAt, resolvedAt, ...rest } = alert;
  const link = linkTo(alert.incidentId, context.portalUrl);
  const event = {
    specversion: '1.0',
    id,
    source: '/signpost/alert',
    type: isTest ? `${eventType}.test` : eventType,
    subject: alert.incidentId,
    time: isoTime(at),
    timestamp: isoTime(at),
    datacontenttype: 'application/json',
    data: {
      ...rest,
      at: isoTime(at),
      startedAt: isoTime(startedAt),
      detectedAt: isoTime(detectedAt),
      resolvedAt: resolvedAt === null ? null : isoTime(resolvedAt),
      severity: severityOf(alert, context.severity),
      by,
      repeat,
      link: link ?? null,
    },
  };
  return { body: JSON.stringify(event), contentType: 'application/json' };
}
