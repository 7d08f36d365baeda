// What this reader said of insights in this visit: shown at once, sent when it was not taken back for some seconds.
import { useEffect, useState } from 'preact/hooks';
import type { InsightAnswer } from '../../../api/answers.ts';
import { say } from '../shell/toast.tsx';
import { titleOf } from '../show/figures.ts';
import { judge, type Verdict } from './judge.ts';

/** As long as the words that offer to take it back are there: what is sent is on the log and stays. */
const holdMs = 6000;

export interface Given {
  readonly verdict: Verdict;
  readonly state: 'held' | 'sent' | 'noted';
}

interface Held {
  readonly send: () => void;
  readonly timer: number;
}

const given = new Map<string, Given>();
const held = new Map<string, Held>();
const listeners = new Set<() => void>();

/** The same verdict again, while it is held, takes it back. */
export function giveVerdict(insight: InsightAnswer, department: string, verdict: Verdict): void {
  const key = keyOf(insight.id, department);
  const before = given.get(key);
  if (before?.verdict === verdict) {
    if (before.state === 'held') takeBack(key, undefined);
    return;
  }
  const standing = before?.state === 'held' ? undefined : before;
  window.clearTimeout(held.get(key)?.timer);
  const send = (): void => void sendHeld(key, insight, department, verdict, standing);
  held.set(key, { send, timer: window.setTimeout(send, holdMs) });
  become(key, { verdict, state: 'held' });
  const words = `${titleOf(verdict)} for ${titleOf(department)}.`;
  say(words, () => {
    if (given.get(key)?.state === 'held') takeBack(key, standing);
  });
}

/** What was said of the insight for the department; undefined for nothing. */
export function useGiven(insightId: string, department: string): Given | undefined {
  const key = keyOf(insightId, department);
  const [, setTurn] = useState(0);
  useEffect(() => {
    const listener = (): void => setTurn((turn) => turn + 1);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
  return given.get(key);
}

async function sendHeld(
  key: string,
  insight: InsightAnswer,
  department: string,
  verdict: Verdict,
  standing: Given | undefined,
): Promise<void> {
  held.delete(key);
  become(key, { verdict, state: 'sent' });
  const got = await judge(insight, department, verdict);
  if (got.ok) return become(key, { verdict, state: 'noted' });
  become(key, standing);
  const { message, hint = '' } = got.problem;
  say(
    `“${titleOf(verdict)} for ${titleOf(department)}” was not noted. ${message} ${hint}`,
    undefined,
  );
}

function takeBack(key: string, standing: Given | undefined): void {
  window.clearTimeout(held.get(key)?.timer);
  held.delete(key);
  become(key, standing);
}

function become(key: string, next: Given | undefined): void {
  if (next === undefined) given.delete(key);
  else given.set(key, next);
  for (const listener of listeners) listener();
}

function keyOf(insightId: string, department: string): string {
  return `${insightId} ${department}`;
}

// Whoever leaves has not taken it back.
window.addEventListener('pagehide', () => {
  for (const { send, timer } of held.values()) {
    window.clearTimeout(timer);
    send();
  }
});
