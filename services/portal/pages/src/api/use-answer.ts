// An answer of the API as state: asked anew when the question changes, the one before aborted; what was there stays
// until the new answer is.
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { addressOf, get, type Params, type Problem } from './get.ts';
import { needKey, useKeyTurns } from './key.ts';

export interface Asked<T> {
  /** Of the question, or while that is under way of the one before on the same path. */
  readonly answer: T | null;
  readonly problem: Problem | null;
  readonly isLoading: boolean;
  readonly again: () => void;
}

/** Answers are kept this long, so that going back is at once. */
const keptForMs = 30_000;
const keptAtMost = 40;
const kept = new Map<string, { answer: unknown; until: number }>();

/** Forgets all answers: after another key, or when the reader asks again. */
export function forgetAnswers(): void {
  kept.clear();
}

interface State<T> {
  readonly path: string;
  readonly address: string;
  readonly answer: T | null;
  readonly problem: Problem | null;
}

/** @param path null for no question. */
export function useAnswer<T>(path: string | null, params: Params = {}): Asked<T> {
  const address = path === null ? '' : addressOf(path, params);
  const [state, setState] = useState<State<T> | null>(null);
  const [tries, setTries] = useState(0);
  const keyTurns = useKeyTurns();

  useEffect(() => {
    if (path === null) return undefined;
    const before = kept.get(address);
    if (before !== undefined && before.until > Date.now()) {
      setState({ path, address, answer: before.answer as T, problem: null });
      return undefined;
    }
    const abort = new AbortController();
    async function hear(asked: string): Promise<void> {
      const got = await get<T>(address, abort.signal).catch(() => null);
      if (got === null || abort.signal.aborted) return; // the next question is under way
      if (got.ok) keep(address, got.answer);
      else if (got.problem.status === 401) needKey();
      setState((was) => ({
        path: asked,
        address,
        answer: got.ok ? got.answer : was?.path === asked ? was.answer : null,
        problem: got.ok ? null : got.problem,
      }));
    }
    void hear(path);
    return () => abort.abort();
  }, [path, address, tries, keyTurns]);

  const again = useCallback(() => {
    kept.delete(address);
    setTries((count) => count + 1);
  }, [address]);
  const isMine = state !== null && state.path === path;
  const answer = isMine ? state.answer : null;
  const problem = isMine && state.address === address ? state.problem : null;
  const isLoading = path !== null && (!isMine || state.address !== address);
  return useMemo(
    () => ({ answer, problem, isLoading, again }),
    [answer, problem, isLoading, again],
  );
}

function keep(address: string, answer: unknown): void {
  kept.delete(address);
  kept.set(address, { answer, until: Date.now() + keptForMs });
  const [oldest] = kept.keys();
  if (kept.size > keptAtMost && oldest !== undefined) kept.delete(oldest);
}
