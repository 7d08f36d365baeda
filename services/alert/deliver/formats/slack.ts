// Slack's incoming webhooks, and those of others that take the same (docs.slack.dev/messaging/sending-messages-using-
// incoming-webhooks, docs.slack.dev/reference/block-kit/blocks). What stems from data is plain text, so that no name of a
// place can link, shout or call the channel.
import {
  factsOf,
  linkTo,
  titleOf,
  type FormatContext,
  type Notice,
  type Payload,
} from '../notice.ts';
import { plainText } from '../plain-text.ts';

/** Characters that Slack allows in a header, a section and a field. */
const most = { header: 150, section: 3000, field: 2000 } as const;
const mostFields = 10;

export function slackPayload(notice: Notice, { portalUrl }: FormatContext): Payload {
  const title = titleOf(notice, most.header);
  const summary = plainText(notice.alert.summary, most.section);
  const link = linkTo(notice.alert.incidentId, portalUrl);
  const fields = factsOf(notice)
    .slice(0, mostFields)
    .map(([name, value]) => plain(plainText(`${name}: ${value}`, most.field)));
  const message = {
    // What notifications show, and all that services show that know no blocks.
    text: unformatted(`${title}. ${summary}`),
    mrkdwn: false,
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'header', text: plain(title) },
      // Slack refuses an empty text.
      ...(summary === '' ? [] : [{ type: 'section', text: plain(summary) }]),
      { type: 'section', fields },
      ...(link === undefined
        ? []
        : [
            { type: 'context', elements: [{ type: 'mrkdwn', text: `<${link}|Open in Signpost>` }] },
          ]),
    ],
  };
  return { body: JSON.stringify(message), contentType: 'application/json' };
}

function plain(text: string): { type: 'plain_text'; text: string; emoji: false } {
  return { type: 'plain_text', text: calm(text), emoji: false };
}

/** A mention needs its sign before the name: with an invisible space between it is words alone. */
function calm(text: string): string {
  return text.replace(/@(?=\w)/g, '@\u200b').replace(/<(?=[!@#])/g, '<\u200b');
}

/** Slack's escapes (docs.slack.dev/messaging/formatting-message-text), and lookalikes for what formats or links elsewhere. */
function unformatted(text: string): string {
  return calm(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('*', '\u2217')
    .replaceAll('~', '\u223c')
    .replaceAll('`', '\u02cb')
    .replaceAll('[', '\uff3b')
    .replaceAll(']', '\uff3d')
    .replace(/\b_|_\b/g, '\u02cd')
    .replaceAll('://', ':\u200b//');
}
