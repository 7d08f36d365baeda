// Tells one target of one transition: the form by its kind, signed, sent.
import { alertmanagerPayload } from './formats/alertmanager.ts';
import { alertmanagerWebhookPayload } from './formats/alertmanager-webhook.ts';
import { slackPayload } from './formats/slack.ts';
import { webhookPayload } from './formats/webhook.ts';
import type { FormatContext, Notice, Payload } from './notice.ts';
import type { Answer, HttpRequest, Send } from './send.ts';
import { signatureHeaders } from './standard-webhooks.ts';
import type { Target, Targets } from './targets.ts';
import { below } from './target-url.ts';
import { resourceOf, tellResource, type Earlier, type Told } from './tell-resource.ts';

export interface DeliverParts {
  readonly settings: Pick<Targets, 'portalUrl' | 'severity'>;
  readonly send: Send;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export async function deliver(
  target: Target,
  notice: Notice,
  earlier: Earlier,
  parts: DeliverParts,
  signal: AbortSignal,
): Promise<Told> {
  const context = contextFor(target, parts);
  const post = (request: Omit<HttpRequest, 'headers'>, contentType = 'application/json') =>
    parts.send(signed(target, notice.id, request, contentType, parts.now()), target, signal);
  const resource = resourceOf(target.kind);
  if (resource !== undefined)
    return tellResource({ resource, target, notice, context, earlier, send: post });
  const { url, body, contentType } = payloadFor(target, notice, context);
  const answer = await post({ method: 'POST', url, body }, contentType);
  return { answer, remoteId: null };
}

/** Says again to an Alertmanager what stands, so that it does not take silence for an end. */
export async function resend(
  target: Target,
  notices: readonly Notice[],
  parts: DeliverParts,
  signal: AbortSignal,
): Promise<Answer> {
  const { body, contentType } = alertmanagerPayload(
    notices,
    contextFor(target, parts),
    target.holdMs,
  );
  const url = below(target.url, alertsPath);
  const headers = { ...common, ...target.headers, 'content-type': contentType };
  return parts.send({ method: 'POST', url, headers, body }, target, signal);
}

const alertsPath = '/api/v2/alerts';
const common = { 'user-agent': 'Signpost', accept: 'application/json' };

function contextFor(target: Target, { settings, now }: DeliverParts): FormatContext {
  return { ...settings, now: now(), receiver: target.name };
}

function payloadFor(
  { kind, url, holdMs }: Target,
  notice: Notice,
  context: FormatContext,
): Payload & { readonly url: string } {
  switch (kind) {
    case 'alertmanager':
      return { url: below(url, alertsPath), ...alertmanagerPayload([notice], context, holdMs) };
    case 'alertmanager-webhook':
      return { url, ...alertmanagerWebhookPayload(notice, context) };
    case 'slack':
      return { url, ...slackPayload(notice, context) };
    case 'webhook':
      return { url, ...webhookPayload(notice, context) };
    case 'tmf642':
    case 'tmf656':
      throw new Error(`${kind} is told by a resource`);
  }
}

function signed(
  { headers, signingKeys }: Target,
  id: string,
  request: Omit<HttpRequest, 'headers'>,
  contentType: string,
  now: number,
): HttpRequest {
  return {
    ...request,
    headers: {
      ...common,
      ...headers,
      ...(request.body !== undefined && {
        'content-type': contentType,
        ...signatureHeaders(signingKeys, id, now, request.body),
      }),
    },
  };
}
