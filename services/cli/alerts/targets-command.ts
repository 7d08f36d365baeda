// `signpost alerts targets` and `signpost alerts test-target`: who is told of alerts, how that goes, and whether one takes
// a test.
import { randomUUID } from 'node:crypto';
import { SignpostError } from '#core/errors.ts';
import { nearest } from '#core/nearest.ts';
import { readTargets, type Target, type Targets } from '../../alert/deliver/targets.ts';
import type { Config } from '../config.ts';
import { configOf } from '../open-log.ts';
import type { LogPlace } from '../options.ts';
import { createOutput, type Output } from '../output.ts';
import { oneLine, safeText } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { deliveryStates, type DeliveryStates } from './delivery-states.ts';

export interface TargetsCall {
  readonly place: LogPlace;
  /** In place of the configured one. */
  readonly file: string | undefined;
  readonly json: boolean;
}

export async function listTargets({ place, file, json }: TargetsCall): Promise<void> {
  const config = configOf(place);
  const { targets } = targetsOf(config, file);
  const states = await deliveryStates(place, config, fetch);
  const rows = rowsOf(targets, states);
  const output = createOutput();
  if (json) {
    for (const row of rows) await output.json(row);
    return;
  }
  for (const line of targetLines(rows, states, output)) await output.line(line);
}

/** Sends a test and says what came back. @throws SignpostError `target-unknown`, `target-not-reached` */
export async function testTarget(name: string, { place, file, json }: TargetsCall): Promise<void> {
  const settings = targetsOf(configOf(place), file);
  const target = settings.targets.find((each) => each.name === name);
  if (target === undefined) throw unknownTarget(name, settings.targets);
  const { createSend } = await import('../../alert/deliver/send.ts');
  const { tryTarget, testHoldMs } = await import('../../alert/deliver/try-target.ts');
  const id = `test-${randomUUID()}`;
  const parts = { settings, send: createSend(), now: Date.now };
  const tried = await tryTarget(target, id, parts, new AbortController().signal);
  const { isTaken, said, status, tookMs } = tried;
  if (!isTaken)
    throw new SignpostError(
      'target-not-reached',
      `${name} (${target.kind} at ${target.host}) did not take a test alert: ${oneLine(said)}`,
      { hint: 'docs/alert-targets.md tells what each answer means.' },
    );
  const output = createOutput();
  if (json)
    return output.json({ target: name, kind: target.kind, host: target.host, id, status, tookMs });
  const ends =
    target.kind === 'alertmanager'
      ? ` It ends there by itself in ${testHoldMs / 60_000} minutes.`
      : target.kind.startsWith('tmf')
        ? ' It is ended there already.'
        : '';
  await output.line(
    `${name} (${target.kind} at ${target.host}) took the test alert ${id} in ${tookMs} ms: ${oneLine(said)}.${ends}`,
  );
}

function targetsOf({ alert }: Pick<Config, 'alert'>, file: string | undefined): Targets {
  const path = file ?? alert.targetsFile;
  if (path !== undefined) return readTargets(path);
  throw new SignpostError('targets-missing', 'No targets file is configured', {
    hint: 'Set alert.targetsFile or SIGNPOST_ALERT_TARGETS_FILE, or name one with --targets; docs/alert-targets.md tells its form.',
  });
}

interface TargetRow {
  readonly target: string;
  /** Null where the file does not name it: what waits for it is left. */
  readonly kind: string | null;
  readonly host: string | null;
  readonly waiting: number | null;
  readonly oldestWaitingSeconds: number | null;
  readonly delivered: number | null;
  readonly givenUp: number | null;
  readonly lastDeliveredAt: string | null;
  readonly lastError: string | null;
}

function rowsOf(targets: readonly Target[], states: DeliveryStates): TargetRow[] {
  const inFile = new Map(targets.map((target) => [target.name, target]));
  const counted = states.from === 'nowhere' ? [] : states.counts.map(({ target }) => target);
  const names = [...new Set([...inFile.keys(), ...counted])];
  return names.map((name) => {
    const target = inFile.get(name);
    return {
      target: name,
      kind: target?.kind ?? null,
      host: target?.host ?? null,
      ...countsOf(name, states),
    };
  });
}

function countsOf(
  name: string,
  states: DeliveryStates,
): Omit<TargetRow, 'target' | 'kind' | 'host'> {
  const nothing = { waiting: null, lastDeliveredAt: null, lastError: null };
  if (states.from === 'process') {
    const counts = states.counts.find(({ target }) => target === name);
    const oldest = counts?.oldestWaitingSeconds ?? 0;
    const { delivered = 0, givenUp = 0 } = counts ?? {};
    return { ...nothing, delivered, givenUp, oldestWaitingSeconds: oldest === 0 ? null : oldest };
  }
  if (states.from === 'nowhere')
    return { ...nothing, oldestWaitingSeconds: null, delivered: null, givenUp: null };
  const counts = states.counts.find(({ target }) => target === name);
  const oldestAt = counts?.oldestWaitingAt ?? null;
  const deliveredAt = counts?.lastDeliveredAt ?? null;
  return {
    waiting: counts?.waiting ?? 0,
    oldestWaitingSeconds: oldestAt === null ? null : Math.round((Date.now() - oldestAt) / 1000),
    delivered: counts?.delivered ?? 0,
    givenUp: counts?.givenUp ?? 0,
    lastDeliveredAt: deliveredAt === null ? null : new Date(deliveredAt).toISOString(),
    lastError: counts?.lastError ?? null,
  };
}

function targetLines(
  rows: readonly TargetRow[],
  states: DeliveryStates,
  { styles }: Output,
): string[] {
  if (rows.length === 0) return ['The targets file names nobody: alerts are told to nobody.'];
  const head = ['target', 'kind', 'host', 'waiting', 'delivered', 'given up', 'waits since'];
  const cell = (value: number | null): string => (value === null ? '?' : String(value));
  const cells = rows.map((row) => [
    safeText(row.target),
    row.kind ?? 'not in the file',
    safeText(row.host ?? ''),
    cell(row.waiting),
    cell(row.delivered),
    cell(row.givenUp),
    row.oldestWaitingSeconds === null ? '' : ago(row.oldestWaitingSeconds),
  ]);
  const errors = rows.flatMap(({ target, lastError }) =>
    lastError === null ? [] : [oneLine(`${target}: last error: ${lastError}`)],
  );
  return [
    ...tableLines(head, cells, styles.bold, ['kind', 'host', 'waits since']),
    ...errors,
    ...noteOn(states),
  ];
}

function noteOn(states: DeliveryStates): string[] {
  if (states.from === 'process')
    return [`Counted since the process at ${states.url} began, which has the database to itself.`];
  return states.from === 'nowhere'
    ? [oneLine(`How deliveries go is not known: ${states.why}.`)]
    : [];
}

function ago(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function unknownTarget(name: string, targets: readonly Target[]): SignpostError {
  const meant = nearest(
    name,
    targets.map((target) => target.name),
  );
  return new SignpostError(
    'target-unknown',
    `The targets file names no ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    { hint: '`signpost alerts targets` lists them.' },
  );
}
