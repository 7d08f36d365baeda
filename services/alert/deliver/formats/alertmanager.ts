// Alertmanager's API v2, POST /api/v2/alerts (github.com/prometheus/alertmanager, api/v2/openapi.yaml, postableAlerts).
// A time of its end comes with every alert, so that its own `resolve_timeout` does not matter: Signpost being away for
// a while is no recovery.
import { isoTime, type FormatContext, type Notice, type Payload } from '../notice.ts';
import { annotationsOf, generatorUrlOf, labelsOf, type Labels } from './labels.ts';

interface PostableAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

/** @param holdMs how long what stands counts as standing when it is not sent again */
export function alertmanagerPayload(
  notices: readonly Notice[],
  context: FormatContext,
  holdMs: number,
): Payload {
  const alerts = notices.map((notice) => postable(notice, context, holdMs));
  return { body: JSON.stringify(alerts), contentType: 'application/json' };
}

function postable(notice: Notice, context: FormatContext, holdMs: number): PostableAlert {
  const { alert, opening } = notice;
  const generatorURL = generatorUrlOf(notice, context);
  const startsAt = opening.startedAt;
  const endsAt =
    alert.state === 'resolved'
      ? // Not after now, or it would stand until then; an end before the start is refused.
        Math.max(startsAt, Math.min(alert.resolvedAt ?? alert.at, context.now))
      : context.now + holdMs;
  return {
    labels: labelsOf(notice, context),
    annotations: annotationsOf(notice),
    startsAt: isoTime(startsAt),
    endsAt: isoTime(endsAt),
    ...(generatorURL !== '' && { generatorURL }),
  };
}
