// The message that Alertmanager's own webhook receivers get, version 4
// (prometheus.io/docs/alerting/latest/configuration/#webhook_config): one incident, one group, one alert.
import { isoTime, type FormatContext, type Notice, type Payload } from '../notice.ts';
import { annotationsOf, fingerprintOf, generatorUrlOf, labelsOf } from './labels.ts';

/** What Alertmanager writes for a time that is not there: the zero of Go's. */
const never = '0001-01-01T00:00:00Z';

export function alertmanagerWebhookPayload(notice: Notice, context: FormatContext): Payload {
  const { alert, opening } = notice;
  const labels = labelsOf(notice, context);
  const annotations = annotationsOf(notice);
  const status = alert.state === 'resolved' ? 'resolved' : 'firing';
  const endsAt = alert.resolvedAt ?? alert.at;
  const message = {
    version: '4',
    groupKey: `{}:{incident=${JSON.stringify(labels['incident'])}}`,
    truncatedAlerts: 0,
    status,
    receiver: context.receiver,
    groupLabels: { incident: labels['incident'] },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: context.portalUrl ?? '',
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt: isoTime(opening.startedAt),
        endsAt: status === 'resolved' ? isoTime(endsAt) : never,
        generatorURL: generatorUrlOf(notice, context),
        fingerprint: fingerprintOf(labels),
      },
    ],
  };
  return { body: JSON.stringify(message), contentType: 'application/json' };
}
