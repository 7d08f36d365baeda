// `signpost alerts ack`, `silence` and `unsilence`.
import { SignpostError } from '#core/errors.ts';
import { acknowledgeBody, silenceBody } from '../../portal/alerts/questions.ts';
import type { AcknowledgeOptions, DeskOptions, SilenceOptions } from '../commands/alert-desk.ts';
import { momentOf } from '../moment.ts';
import type { LogPlace } from '../options.ts';
import { createOutput } from '../output.ts';
import { oneLine } from '../safe-text.ts';
import { onDesk, time, unknownAlert } from './show-alerts.ts';

export async function acknowledgeAlert(
  id: string,
  place: LogPlace,
  { comment, json }: AcknowledgeOptions,
): Promise<void> {
  const body = acknowledgeBody.safeParse(comment === undefined ? {} : { comment });
  if (!body.success)
    throw new SignpostError(
      'comment-invalid',
      `--comment ${body.error.issues.map(({ message }) => message).join('; ')}`,
    );
  const done = await onDesk(place, (desk) => desk.acknowledge(id, body.data));
  if (done === 'unknown') throw unknownAlert(id);
  if (done === 'over')
    throw new SignpostError('alert-over', `Incident ${oneLine(id)} is over`, {
      hint: 'There is nothing to have in hand. Should it rise again, it is told anew.',
    });
  const output = createOutput();
  if (json) return output.json({ id, changed: done === 'acknowledged' });
  await output.line(
    done === 'acknowledged'
      ? `Acknowledged ${oneLine(id)}: it is told again when it widens or rises anew.`
      : `Somebody has ${oneLine(id)} in hand already.`,
  );
}

export async function silenceAlerts(place: LogPlace, options: SilenceOptions): Promise<void> {
  const { alert, at, theme, product, from, comment } = options;
  const body = silenceBody.safeParse({
    ...(alert === undefined ? {} : { incident: alert }),
    kind: options.maintenance === true ? 'maintenance' : 'silence',
    ...(at === undefined ? {} : { place: at }),
    ...(theme === undefined ? {} : { themes: theme }),
    ...(product === undefined ? {} : { product }),
    ...(from === undefined ? {} : { from: new Date(momentOf('--from', from)).toISOString() }),
    minutes: options.for,
    comment,
  });
  if (!body.success) {
    const flaws = body.error.issues.map(({ path, message }) => `  ${optionOf(path)}: ${message}`);
    throw new SignpostError('silence-invalid', ['The silence is not taken:', ...flaws].join('\n'));
  }
  const silence = await onDesk(place, (desk) => desk.silence(body.data));
  for (const { message } of silence.notices)
    process.stderr.write(oneLine(`signpost: ${message}`) + '\n');
  const output = createOutput();
  if (options.json) return output.json(silence);
  const what = silence.themes === null ? 'everything' : silence.themes.join(', ');
  await output.line(
    oneLine(
      `Silence ${silence.id}: ${what} at ${silence.place.name}, from ${time(silence.from)} to ${time(silence.until)} UTC.`,
    ),
  );
}

const options: Readonly<Record<string, string>> = {
  incident: '--alert',
  place: '--at',
  themes: '--theme',
  minutes: '--for',
};

function optionOf([field]: readonly PropertyKey[]): string {
  return options[String(field)] ?? `--${String(field)}`;
}

export async function endSilenceOf(
  id: string,
  place: LogPlace,
  { json }: DeskOptions,
): Promise<void> {
  const silence = await onDesk(place, (desk) => desk.unsilence(id));
  if (silence === undefined)
    throw new SignpostError('silence-unknown', `There is no silence ${oneLine(id)}`, {
      hint: '`signpost alerts silences --all` shows them.',
    });
  const output = createOutput();
  if (json) return output.json(silence);
  await output.line(
    oneLine(`Silence ${silence.id} is over since ${time(silence.endedAt ?? silence.until)} UTC.`),
  );
}
