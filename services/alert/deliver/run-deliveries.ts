// Sends what transitions left to be sent: a loop for each target, so that a dead or slow one delays nobody else. Whoever
// is killed between sending and writing it down sends again under the same id.
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { SignpostError } from '#core/errors.ts';
import type { Logger } from '#core/logger.ts';
import type { Db } from '#core/store/postgres.ts';
import { deliver, resend, type DeliverParts } from './deliver.ts';
import type { DeliveryMetrics } from './delivery-metrics.ts';
import {
  deliveryCounts,
  giveBack,
  giveUpOvertaken,
  oldestWaiting,
  standingAt,
  takeDue,
  writeAgain,
  writeDelivered,
  writeGivenUp,
  type TakenRow,
} from './delivery-rows.ts';
import { createSend, type Send } from './send.ts';
import { messageId } from './standard-webhooks.ts';
import { createTargetLease, type TargetLease } from './target-lease.ts';
import type { Target, Targets } from './targets.ts';
import { briefOf, verdictOn } from './verdict.ts';
import { withoutSecrets } from './without-secrets.ts';

export interface DeliveriesParts {
  readonly metrics: DeliveryMetrics;
  readonly logger?: Logger | undefined;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** From 0 to 1. */
  readonly random?: () => number;
  readonly send?: Send;
  /** How often it is looked for what is due. */
  readonly everyMs?: number;
}

/** Rows of a target sent at a time, of as many incidents. */
const atATime = 4;
/** Alerts in one message to an Alertmanager. */
const resentAtATime = 100;
/** For writing down what became of a row, beyond what sending it may take. */
const graceMs = 30_000;

/**
 * Runs until `signal` says to stop; what is under way then is given back.
 * @throws what is no failure of a target or the database
 */
export async function runDeliveries(
  db: Db,
  settings: Targets,
  parts: DeliveriesParts,
  signal: AbortSignal,
): Promise<void> {
  const {
    metrics,
    logger,
    now = Date.now,
    random = Math.random,
    send = createSend(),
    everyMs = 1000,
  } = parts;
  const deliverParts: DeliverParts = { settings, send, now };
  // One that fails by a bug ends the others: what runs on in part is noticed by nobody.
  const stopping = new AbortController();
  const end = AbortSignal.any([signal, stopping.signal]);
  const holder = randomUUID();
  const loops = settings.targets.map((target) => {
    const lease = createTargetLease(db, target.name, holder);
    return loop({ db, target, lease, metrics, logger, now, random, deliverParts, everyMs }, end);
  });
  try {
    await Promise.all([sayAbandoned(db, settings.targets, logger), ...loops]);
  } finally {
    stopping.abort();
    await Promise.allSettled(loops);
  }
}

interface Loop {
  readonly db: Db;
  readonly target: Target;
  readonly lease: TargetLease;
  readonly metrics: DeliveryMetrics;
  readonly logger: Logger | undefined;
  readonly now: () => number;
  readonly random: () => number;
  readonly deliverParts: DeliverParts;
  readonly everyMs: number;
}

/** What a loop knows between its rounds. */
interface LoopState {
  /** The target asked for quiet until then. */
  quietUntil: number;
  resendAt: number;
  /** Said once, until something is delivered again. */
  isFailing: boolean;
}

async function loop(parts: Loop, signal: AbortSignal): Promise<void> {
  const { db, target, lease, logger, everyMs } = parts;
  const state: LoopState = { quietUntil: 0, resendAt: 0, isFailing: false };
  const later = (error: unknown): void => {
    if (!(error instanceof SignpostError)) throw error;
    const about = { target: target.name, database: db.where, reason: error.message };
    logger?.warn(about, 'Alerts are sent later');
  };
  try {
    while (!signal.aborted) {
      const sent = await round(parts, state, signal).catch((error: unknown) => {
        later(error);
        return 0;
      });
      if (sent === 0) await pause(everyMs, undefined, { signal }).catch(() => {});
    }
  } finally {
    await lease.release().catch(later);
  }
}

/** @returns how many rows were sent, successfully or not */
async function round(parts: Loop, state: LoopState, signal: AbortSignal): Promise<number> {
  const { db, target, lease, metrics, now } = parts;
  const oldest = await oldestWaiting(db, target.name);
  metrics.waiting(target.name, oldest === undefined ? 0 : now() - oldest);
  const mustSayAgain = target.kind === 'alertmanager' && now() >= state.resendAt;
  if (now() < state.quietUntil || (oldest === undefined && !mustSayAgain)) return 0;
  if (!(await lease.hold())) return 0;
  lease.keep();
  const overtaken = await giveUpOvertaken(db, target.name);
  if (overtaken > 0) metrics.count(target.name, 'superseded', overtaken);
  // A resource may have to be looked for, changed and made.
  const until = now() + 3 * target.totalTimeoutMs + graceMs;
  const rows = await takeDue(db, target.name, atATime, now(), until);
  const sent = await Promise.allSettled(rows.map((row) => sendRow(parts, state, row, signal)));
  for (const each of sent) if (each.status === 'rejected') throw each.reason;
  if (mustSayAgain && rows.length === 0) {
    state.resendAt = now() + target.resendMs;
    await sayAgain(parts, signal);
  }
  return rows.length;
}

async function sendRow(
  { db, target, metrics, logger, now, random, deliverParts }: Loop,
  state: LoopState,
  row: TakenRow,
  signal: AbortSignal,
): Promise<void> {
  const { name, host, giveUpAfterMs, secrets } = target;
  const notice = {
    id: messageId(row.transitionId, row.repeat),
    alert: row.record,
    opening: row.opening,
    by: row.by,
    repeat: row.repeat,
    isTest: false,
  };
  const earlier = { remoteId: row.remoteId, isUncertain: row.attempts > 1 };
  const { answer, remoteId } = await deliver(target, notice, earlier, deliverParts, signal);
  const { attempts } = row;
  const ageMs = now() - row.createdAt;
  const verdict = verdictOn(answer, { attempts, ageMs, giveUpAfterMs, now: now(), random });
  const about = { target: name, host, transition: row.transitionId, attempts };
  switch (verdict.kind) {
    case 'delivered':
      await writeDelivered(db, name, row, remoteId, now());
      metrics.count(name, 'delivered');
      if (state.isFailing) logger?.info(about, 'A target takes alerts again');
      state.isFailing = false;
      return;
    case 'back':
      return giveBack(db, name, row, now());
    case 'again':
      if (verdict.isPause) state.quietUntil = now() + verdict.afterMs;
      await writeAgain(
        db,
        name,
        row,
        withoutSecrets(verdict.why, secrets),
        now() + verdict.afterMs,
      );
      metrics.count(name, 'tried-again');
      if (!state.isFailing)
        logger?.warn({ ...about, reason: briefOf(answer) }, 'An alert is sent again later');
      state.isFailing = true;
      return;
    case 'given-up':
      await writeGivenUp(db, name, row, withoutSecrets(verdict.why, secrets));
      metrics.count(name, verdict.result);
      logger?.error({ ...about, reason: briefOf(answer) }, 'An alert is given up');
      state.isFailing = true;
  }
}

/** An Alertmanager forgets at a restart, and ends what is not said again. */
async function sayAgain(
  { db, target, metrics, logger, deliverParts }: Loop,
  signal: AbortSignal,
): Promise<void> {
  const standing = await standingAt(db, target.name);
  for (let at = 0; at < standing.length; at += resentAtATime) {
    const notices = standing.slice(at, at + resentAtATime).map(({ record, opening, by }) => ({
      id: record.id,
      alert: record,
      opening,
      by,
      repeat: 0,
      isTest: false,
    }));
    const answer = await resend(target, notices, deliverParts, signal);
    const isTaken = answer.answered && answer.status >= 200 && answer.status < 300;
    metrics.count(target.name, isTaken ? 'resent' : 'resend-failed', notices.length);
    if (isTaken || signal.aborted) continue;
    const about = { target: target.name, host: target.host, reason: briefOf(answer) };
    logger?.warn(about, 'What stands could not be said again');
    return;
  }
}

/** Rows of a target that is in the file no more stay as they are. */
async function sayAbandoned(
  db: Db,
  targets: readonly Target[],
  logger: Logger | undefined,
): Promise<void> {
  try {
    const names = new Set(targets.map(({ name }) => name));
    for (const { target, waiting } of await deliveryCounts(db))
      if (waiting > 0 && !names.has(target))
        logger?.warn({ target, waiting }, 'Alerts wait for a target that the file does not name');
  } catch (error) {
    if (!(error instanceof SignpostError)) throw error;
  }
}
