// What became of deliveries, as far as a command can know: from the database, or, where a process that runs has it to
// itself, from what that process tells of itself.
import { SignpostError } from '#core/errors.ts';
import type { Db } from '#core/store/postgres.ts';
import type { TargetCounts } from '../../alert/deliver/delivery-rows.ts';
import type { Config } from '../config.ts';
import { intakeOf } from '../judgements/intake-address.ts';
import type { LogPlace } from '../options.ts';
import { withStore } from '../open-store.ts';

/** Of a process: since it began, without errors. */
export interface RunningCounts {
  readonly target: string;
  readonly delivered: number;
  readonly givenUp: number;
  readonly oldestWaitingSeconds: number;
}

export type DeliveryStates =
  | { readonly from: 'store'; readonly counts: readonly TargetCounts[] }
  | { readonly from: 'process'; readonly url: string; readonly counts: readonly RunningCounts[] }
  | { readonly from: 'nowhere'; readonly why: string };

/** @throws SignpostError where a database is not reached */
export async function deliveryStates(
  place: LogPlace,
  config: Config,
  fetch: typeof globalThis.fetch,
): Promise<DeliveryStates> {
  const needs = { place, config, clock: Date.now, applicationName: 'signpost alerts' };
  const store = await withStore(needs, countsIn);
  switch (store.kind) {
    case 'used':
      return store.value;
    case 'in-use':
      return ofProcess(store.directory, fetch);
    case 'not-configured':
      return nowhere('no database is configured: set database.url or DATABASE_URL');
    case 'not-made':
      return nowhere(`nothing has run on the data directory ${store.directory}`);
  }
}

async function countsIn(db: Db): Promise<DeliveryStates> {
  const { deliveryCounts } = await import('../../alert/deliver/delivery-rows.ts');
  try {
    return { from: 'store', counts: await deliveryCounts(db) };
  } catch (error) {
    // Of a release that had no alerts.
    if (error instanceof SignpostError && error.code === 'store-outdated')
      return nowhere('no alert was raised yet');
    throw error;
  }
}

const answerWithinMs = 10_000;

async function ofProcess(
  directory: string,
  fetch: typeof globalThis.fetch,
): Promise<DeliveryStates> {
  const url = intakeOf(directory);
  if (url === undefined)
    return nowhere('another process has the data directory, and tells nothing of itself');
  try {
    const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(answerWithinMs) });
    if (!answer.ok) return nowhere(`the process at ${url} answered ${answer.status}`);
    return { from: 'process', url, counts: countsOf(await answer.text()) };
  } catch {
    return nowhere(`the process at ${url} does not answer`);
  }
}

const sample =
  /^signpost_alert_deliveries_(total|oldest_waiting_seconds)\{target="([a-z0-9-]+)"(?:,result="([a-z-]+)")?\} (\S+)$/gm;

/** In the text form of Prometheus. */
function countsOf(metrics: string): RunningCounts[] {
  const byTarget = new Map<
    string,
    { target: string; delivered: number; givenUp: number; oldestWaitingSeconds: number }
  >();
  for (const [, kind, target = '', result, value] of metrics.matchAll(sample)) {
    const counts = byTarget.get(target) ?? {
      target,
      delivered: 0,
      givenUp: 0,
      oldestWaitingSeconds: 0,
    };
    byTarget.set(target, counts);
    if (kind !== 'total') counts.oldestWaitingSeconds = Number(value);
    else if (result === 'delivered') counts.delivered = Number(value);
    else if (result === 'refused' || result === 'expired') counts.givenUp += Number(value);
  }
  return [...byTarget.values()];
}

function nowhere(why: string): DeliveryStates {
  return { from: 'nowhere', why };
}
