// `signpost alerts list`, `show` and `silences`.
import { SignpostError } from '#core/errors.ts';
import type { AlertAnswer, AlertRow, SilenceAnswer } from '../../portal/alerts/answers.ts';
import type { DeskOptions, ListOptions, SilencesOptions } from '../commands/alert-desk.ts';
import { count } from '../count.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { oneLine, safeText } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { withDesk, type AlertDesk } from './desk.ts';

export function onDesk<T>(place: LogPlace, use: (desk: AlertDesk) => Promise<T>): Promise<T> {
  return withDesk({ place, clock: Date.now, env: process.env, fetch }, use);
}

export async function listAll(place: LogPlace, { all, limit, json }: ListOptions): Promise<void> {
  const { alerts, detector } = await onDesk(place, (desk) =>
    desk.list(all === true ? 'all' : 'standing', limit),
  );
  const output = createOutput();
  if (json) {
    for (const alert of alerts) await output.json(alert);
    return;
  }
  const lines =
    alerts.length === 0
      ? [all === true ? 'No incidents yet.' : 'Nothing stands.']
      : alertTable(alerts, output);
  for (const line of lines) await output.line(line);
  if (!detector.isReady) {
    const ready = detector.readyAt === null ? '' : ` until ${time(detector.readyAt)} by event time`;
    await output.line(output.styles.dim(`What is usual is still learnt${ready}: nothing alarms.`));
  }
  if (detector.silentSources.length > 0) {
    const names = detector.silentSources.map(safeText).join(', ');
    await output.line(output.styles.yellow(`Sources that say nothing any more: ${names}.`));
  }
}

function alertTable(alerts: readonly AlertRow[], { styles }: Output): string[] {
  const head = ['id', 'state', 'since', 'customers', 'usual', 'affected', 'where', 'what'];
  const rows = alerts.map((alert) => [
    safeText(alert.id),
    alert.state,
    time(alert.startedAt),
    count(alert.customers),
    alert.expected.toFixed(1),
    count(Math.round(alert.affected.value)),
    safeText(alert.place.name),
    safeText([...alert.themes, ...(alert.product === null ? [] : [alert.product])].join(', ')),
  ]);
  return tableLines(head, rows, styles.bold, ['state', 'since', 'where', 'what']);
}

export async function showAlert(id: string, place: LogPlace, { json }: DeskOptions): Promise<void> {
  const answer = await onDesk(place, (desk) => desk.show(id));
  if (answer === null) throw unknownAlert(id);
  const output = createOutput();
  if (json) return output.json(answer);
  for (const line of alertLines(answer, output)) await output.line(line);
}

export function unknownAlert(id: string): SignpostError {
  return new SignpostError('alert-unknown', `There is no incident ${oneLine(id)}`, {
    hint: '`signpost alerts list --all` shows them.',
  });
}

function alertLines(answer: AlertAnswer, { styles }: Output): string[] {
  const { alert, timeline, words, planned, deliveries, examples, silence } = answer;
  const between = ({ low, high }: AlertRow['affected']): string =>
    `${count(Math.round(low))} to ${count(Math.round(high))}`;
  const facts: [string, string][] = [
    ['state', alert.state],
    [
      'affected',
      `${count(Math.round(alert.affected.value))} customers (${between(alert.affected)}), estimated`,
    ],
    [
      'so far',
      `${count(Math.round(alert.userMinutes.value))} minutes of theirs (${between(alert.userMinutes)})`,
    ],
    ['for', alert.departments.join(', ')],
    ['words', words.join(', ')],
    ['in hand', alert.acknowledgedBy ?? ''],
    ['silence', silence === null ? '' : `${silence.id}: ${silence.comment}`],
    ['held by', alert.heldBy.join(', ')],
    ...planned.map(({ says }): [string, string] => ['planned', says]),
  ];
  return [
    styles.bold(oneLine(timeline.at(-1)?.summary ?? alert.place.name)),
    ...facts
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `  ${name.padEnd(9)} ${oneLine(value)}`),
    styles.bold('Timeline'),
    ...timeline.map(({ at, state, reason, by, comment }) =>
      oneLine(
        `${time(at)}  ${state}: ${reason}${by === null ? '' : ` (${by})`}${comment === null ? '' : `: ${comment}`}`,
      ),
    ),
    ...(deliveries.length === 0
      ? []
      : [
          styles.bold('Told'),
          ...deliveries.map(({ target, state, repeat, delivery, lastError }) =>
            oneLine(
              `${target}: ${state}${repeat === 0 ? '' : `, reminder ${repeat}`}, ${delivery}${
                lastError === null || delivery === 'delivered' ? '' : ` (${lastError})`
              }`,
            ),
          ),
        ]),
    ...(examples.length === 0
      ? []
      : [styles.bold('Said'), ...examples.map(({ text }) => oneLine(text ?? '(forgotten)'))]),
  ];
}

export async function listAllSilences(
  place: LogPlace,
  { all, json }: SilencesOptions,
): Promise<void> {
  const silences = await onDesk(place, (desk) => desk.silences(all === true));
  const output = createOutput();
  if (json) {
    for (const silence of silences) await output.json(silence);
    return;
  }
  const lines = silences.length === 0 ? ['No silences.'] : silenceTable(silences, output);
  for (const line of lines) await output.line(line);
}

function silenceTable(silences: readonly SilenceAnswer[], { styles }: Output): string[] {
  const head = ['id', 'kind', 'state', 'from', 'until', 'where', 'what', 'by', 'why'];
  const rows = silences.map((each) => [
    safeText(each.id),
    each.kind,
    each.state,
    time(each.from),
    time(each.endedAt ?? each.until),
    safeText(each.place.name),
    safeText(
      [...(each.themes ?? ['all']), ...(each.product === null ? [] : [each.product])].join(', '),
    ),
    safeText(each.createdBy),
    oneLine(each.comment),
  ]);
  return tableLines(head, rows, styles.bold, head.slice(1));
}

/** `2026-11-29 08:15`, UTC. */
export function time(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
