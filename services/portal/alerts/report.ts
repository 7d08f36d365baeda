// The report of an alert: one page of HTML that needs nothing else, to be printed or sent on. Pure.
import type { AlertAnswer } from './answers.ts';
import { charted } from './counts-by-hour.ts';
import { reportChart } from './report-chart.ts';
import {
  chanceWords,
  durationWords,
  listed,
  momentWords,
  plain,
  roundWords,
  themeWords,
  usualWords,
} from './wording.ts';

/** What one page has room for. */
const most = { transitions: 5, quotes: 3, quoteCharacters: 160, targets: 8, planned: 2, words: 8 };

/** All of the style, so that a policy may name it by its hash. */
export const reportStyle = `
@page { size: A4; margin: 12mm 14mm }
* { box-sizing: border-box }
body { max-width: 182mm; margin: 0 auto; padding: 8mm 0; color: #1b1c1f; background: #fff;
  font: 10.5pt/1.4 system-ui, sans-serif; font-variant-numeric: tabular-nums; overflow-wrap: anywhere }
@media screen and (max-width: 720px) { body { padding: 16px } dl { grid-template-columns: 1fr !important } dt { padding-top: 4px } }
h1 { margin: 0; font-size: 16pt; line-height: 1.25 }
h2 { margin: 5mm 0 1.5mm; font-size: 10.5pt; color: #585b64 }
p, ul, ol, dl, blockquote, figure { margin: 0; padding: 0 }
.state { color: #585b64 }
dl { display: grid; grid-template-columns: 48mm 1fr; gap: 0 4mm; margin-top: 3mm }
dt { color: #585b64 } dd { margin: 0 }
table { width: 100%; font-size: 9.5pt; border-collapse: collapse } td, th { padding: .6mm 3mm .6mm 0; text-align: start; vertical-align: baseline; font-weight: 400 }
td:first-child { width: 1%; white-space: nowrap; color: #585b64; padding-inline-end: 6mm }
blockquote { padding-inline-start: 3mm; border-inline-start: .5mm solid #e1e2e6; margin-bottom: 1.5mm }
svg { display: block; width: 100%; height: auto }
svg text { font: 10px system-ui, sans-serif; fill: #585b64 }
footer { margin-top: 5mm; padding-top: 1.5mm; border-top: .3mm solid #e1e2e6; color: #585b64; font-size: 8.5pt }
@media print { body { padding: 0; max-width: none; font-size: 9.5pt; line-height: 1.35 } table { font-size: 8.5pt } h2 { margin: 3.5mm 0 1mm } footer { margin-top: 3.5mm } section { break-inside: avoid } }
`;

/** @param now milliseconds since the epoch */
export function reportOf(answer: AlertAnswer, now: number): string {
  const { alert } = answer;
  const title = titleOf(answer);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${text(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<h1>${text(title)}</h1>
<p class="state">${text(stateWords(answer, now))}</p>
</header>
<main>
${facts(answer, now)}
${chart(answer)}
${timeline(answer)}
${said(answer)}
${planned(answer)}
${deliveries(answer)}
</main>
<footer>Alert ${text(plain(alert.id))}. By what customers report, counted in quarters of an hour; not confirmed by the network. Intervals are 95 %. Words are without personal data. Made by Signpost on ${text(momentWords(new Date(now).toISOString()))}.</footer>
</body>
</html>
`;
}

function titleOf({ alert: { themes, place } }: AlertAnswer): string {
  const what = listed(themes.slice(0, 3).map(themeWords));
  const where = place.level === 'everywhere' ? 'everywhere' : plain(place.name);
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}: ${where}`;
}

function stateWords({ alert }: AlertAnswer, now: number): string {
  const end = alert.resolvedAt === null ? now : Date.parse(alert.resolvedAt);
  const lasted = durationWords(end - Date.parse(alert.startedAt));
  if (alert.resolvedAt === null) return `Still going on, for ${lasted}. What follows may change.`;
  return `Over after ${lasted}, by the counts.`;
}

function facts({ alert, words }: AlertAnswer, now: number): string {
  const { customers, expected, affected, userMinutes } = alert;
  const delay = Date.parse(alert.detectedAt) - Date.parse(alert.startedAt);
  const between = (low: number, high: number): string =>
    `${roundWords(low)} to ${roundWords(high)}`;
  const rows: readonly (readonly [string, string])[] = [
    ['Began', momentWords(alert.startedAt)],
    ['Noticed', `${momentWords(alert.detectedAt)}, ${durationWords(delay)} after it began`],
    [
      'Over',
      alert.resolvedAt === null
        ? `not yet, ${momentWords(new Date(now).toISOString())}`
        : momentWords(alert.resolvedAt),
    ],
    ...(alert.product === null ? [] : ([['Product', plain(alert.product)]] as const)),
    ['Customers who said so', `${customers}; ${usualWords(expected)}`],
    [
      'Customers affected',
      `about ${roundWords(affected.value)} (${between(affected.low, affected.high)}), estimated from how few say so`,
    ],
    [
      'User-minutes',
      `about ${roundWords(userMinutes.value)} (${between(userMinutes.low, userMinutes.high)})`,
    ],
    ['How sure', chanceWords(alert.pValue)],
    ['Should know', listed(alert.departments.map(themeWords)) || 'none'],
    ...(words.length === 0
      ? []
      : ([
          [
            'Words that rose',
            words
              .slice(0, 10)
              .map((each) => plain(each))
              .join(', '),
          ],
        ] as const)),
  ];
  return `<dl>\n${rows.map(([name, value]) => `<dt>${text(name)}</dt><dd><bdi>${text(value)}</bdi></dd>`).join('\n')}\n</dl>`;
}

function chart({ counts }: AlertAnswer): string {
  const { counts: shown, bucket } = charted(counts);
  if (shown.length < 2) return '';
  const title =
    bucket === 'hour' ? 'Customers in each hour' : 'Customers in each quarter of an hour';
  return section(title, reportChart(shown, bucket));
}

function timeline({ timeline: all }: AlertAnswer): string {
  const shown =
    all.length > most.transitions ? [...all.slice(0, 1), ...all.slice(1 - most.transitions)] : all;
  if (shown.length === 0) return '';
  const rows = shown.map(({ at, state, by, comment, summary }) => {
    const what = summary === '' ? state : plain(summary, 130);
    const who = by === null || what.includes(plain(by)) ? '' : ` (${plain(by)})`;
    const why = comment === null ? '' : `: <bdi>${text(plain(comment, 200))}</bdi>`;
    return `<tr><td>${text(momentWords(at))}</td><td><bdi>${text(what)}</bdi>${text(who)}${why}</td></tr>`;
  });
  const left = all.length - shown.length;
  const more = left > 0 ? `<p class="state">${left} in between are left out.</p>` : '';
  return section('What happened', `<table>${rows.join('\n')}</table>${more}`);
}

function said({ examples }: AlertAnswer): string {
  const quotes = examples
    .flatMap(({ text: words, at }) => (words === null ? [] : [{ words, at }]))
    .slice(0, most.quotes)
    .map(
      ({ words, at }) =>
        `<blockquote dir="auto">${text(plain(words, most.quoteCharacters))} <span class="state">${text(at.slice(11, 16))} UTC</span></blockquote>`,
    );
  return quotes.length === 0 ? '' : section('What customers said', quotes.join('\n'));
}

function planned({ planned: all }: AlertAnswer): string {
  if (all.length === 0) return '';
  const items = all.slice(0, most.planned).map(({ says }) => `<p><bdi>${text(says)}</bdi></p>`);
  return section('Planned work that may have to do with it', items.join('\n'));
}

/** Each target once, with when it was first told. */
function deliveries({ deliveries: all }: AlertAnswer): string {
  const told = new Map<string, string | null>();
  for (const { delivery, target, deliveredAt } of all)
    if (delivery === 'delivered' && !told.has(target)) told.set(target, deliveredAt);
  if (told.size === 0) return '';
  const items = [...told].slice(0, most.targets).map(([target, at]) => {
    const when = at === null ? '' : ` (${momentWords(at)})`;
    return `<bdi>${text(plain(target, 40))}</bdi>${text(when)}`;
  });
  const left = told.size - items.length;
  const more = left > 0 ? `, and ${left} more` : '';
  return section('Who was told, and when first', `<p>${items.join(', ')}${more}</p>`);
}

function section(title: string, content: string): string {
  return `<section><h2>${text(title)}</h2>\n${content}\n</section>`;
}

/** As the text of an element or the value of an attribute in quotes. */
export function text(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
