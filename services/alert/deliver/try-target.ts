// A marked test alert for one target, sent as a real one is; what it makes there is ended again.
import type { Alert } from '#schemas/alert.ts';
import { deliver, type DeliverParts } from './deliver.ts';
import type { Notice } from './notice.ts';
import type { Answer } from './send.ts';
import { resourceOf } from './tell-resource.ts';
import type { Target } from './targets.ts';
import { whyOf } from './verdict.ts';
import { withoutSecrets } from './without-secrets.ts';

export interface Tried {
  readonly isTaken: boolean;
  /** What came back, for people. */
  readonly said: string;
  readonly status: number | null;
  readonly tookMs: number;
}

/** An Alertmanager, which waits before it tells anybody, ends the test by itself after this. */
export const testHoldMs = 300_000;

/** @param id made up for this test */
export async function tryTarget(
  target: Target,
  id: string,
  parts: DeliverParts,
  signal: AbortSignal,
): Promise<Tried> {
  const begun = parts.now();
  const opening = testAlert(id, begun);
  const notice = (alert: Alert): Notice => ({
    id: alert.id,
    alert,
    opening,
    by: null,
    repeat: 0,
    isTest: true,
  });
  const shortly = { ...target, holdMs: testHoldMs };
  const tell = (alert: Alert, remoteId: string | null) =>
    deliver(shortly, notice(alert), { remoteId, isUncertain: false }, parts, signal);
  const first = await tell(opening, null);
  const isKept = resourceOf(target.kind) !== undefined && isTaken(first.answer);
  const { answer } = isKept ? await tell(endOf(opening, parts.now()), first.remoteId) : first;
  return {
    isTaken: isTaken(answer),
    said: withoutSecrets(whyOf(answer), target.secrets),
    status: answer.answered ? answer.status : null,
    tookMs: parts.now() - begun,
  };
}

function isTaken(answer: Answer): boolean {
  return answer.answered && answer.status >= 200 && answer.status < 300;
}

function endOf(opening: Alert, at: number): Alert {
  return { ...opening, id: `${opening.id}-over`, state: 'resolved', at, resolvedAt: at };
}

function testAlert(id: string, now: number): Alert {
  return {
    id,
    incidentId: id,
    state: 'firing',
    at: now,
    startedAt: now,
    detectedAt: now,
    resolvedAt: null,
    placeLevel: 'everywhere',
    place: 'everywhere',
    themes: ['test'],
    product: null,
    customers: 0,
    expectedCustomers: null,
    estimatedAffected: null,
    estimatedAffectedLow: null,
    estimatedAffectedHigh: null,
    departments: [],
    insightIds: [],
    summary: 'A test of the alerts of Signpost. Nothing has happened.',
    placePath: {},
    reason: 'test',
    userMinutes: null,
    userMinutesLow: null,
    userMinutesHigh: null,
    sources: [],
    heldBy: [],
    mergedInto: null,
    words: [],
    planned: [],
    acknowledgedBy: null,
    pValue: null,
    budgetPerWeek: null,
  };
}
