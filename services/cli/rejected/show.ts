// `signpost rejected show`: one dead letter with what it holds.
import type { RejectedRecord } from '#schemas/rejected-record.ts';
import type { ShowOptions } from '../commands/rejected.ts';
import { bytesAsJson, decodeValue, plainValue } from '../decode-value.ts';
import { withReader } from '../open-reader.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Styles } from '../output.ts';
import { oneLine, safeText, truncate } from '../safe-text.ts';
import { originOf, timeOf } from '../tail/show-record.ts';
import { lettersById, replayedAt } from './letters.ts';

/** More of a payload than a person reads; `--json` has all of it. */
const mostCharacters = 20_000;

export async function showRejected(
  id: string,
  place: LogPlace,
  options: ShowOptions,
): Promise<void> {
  const output = createOutput();
  await withReader(place, async (log) => {
    for await (const letter of lettersById(log, [id])) {
      const replayed = await replayedAt(log, letter);
      if (options.json)
        await output.json({ ...letter, ...payloadAsJson(letter), replayedAt: replayed });
      else for (const line of letterLines(letter, replayed, output.styles)) await output.line(line);
    }
  });
}

/** `payload` as it was, and `record` where it is one that Signpost knows. */
function payloadAsJson({ payload }: RejectedRecord): Record<string, unknown> {
  const decoded = decodeValue(payload);
  const own = { payload: bytesAsJson(payload) };
  return decoded.kind === 'record' ? { ...own, record: plainValue(decoded.value) } : own;
}

function letterLines(
  letter: RejectedRecord,
  replayed: string | null,
  { bold, red, dim }: Styles,
): string[] {
  const {
    id,
    source,
    stage,
    reason,
    detail,
    mapping,
    key,
    headers,
    payload,
    payloadCut,
    rejectedAt,
  } = letter;
  const facts: readonly (readonly [string, string | null])[] = [
    ['source', source],
    ['stage', stage],
    ['read from', originOf(letter)],
    ['mapping', mapping],
    ['key', key],
    ['rejected', timeOf(rejectedAt)],
    ['replayed', replayed === null ? 'not yet' : timeOf(Date.parse(replayed))],
  ];
  return [
    bold(oneLine(id)),
    `${red(oneLine(reason))}  ${oneLine(detail)}`,
    '',
    ...facts.flatMap(([name, value]) =>
      value === null ? [] : [`${dim(name.padEnd(10))} ${oneLine(value)}`],
    ),
    ...Object.entries(headers).map(([name, value]) =>
      dim(truncate(`${oneLine(name)}: ${oneLine(value)}`, 100)),
    ),
    '',
    dim(
      `payload, ${payload.length} bytes${payloadCut ? ', cut: it was too long to be kept whole' : ''}`,
    ),
    ...payloadLines(payload),
  ];
}

function payloadLines(payload: Uint8Array): string[] {
  const decoded = decodeValue(payload);
  if (decoded.kind === 'record') {
    return [
      decoded.recordName,
      ...JSON.stringify(plainValue(decoded.value), null, 2).split('\n').map(safeText),
    ];
  }
  const text = bytesAsJson(payload);
  const shown = typeof text === 'string' ? text : `base64: ${text.base64}`;
  const cut = shown.length > mostCharacters ? `${shown.slice(0, mostCharacters)}…` : shown;
  return cut.split('\n').map(safeText);
}
