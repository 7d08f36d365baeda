// Whether a key is needed: an answer 401 opens the dialog, a key that is taken has everything asked anew.
import { useEffect, useState } from 'preact/hooks';

interface KeyState {
  readonly isNeeded: boolean;
  /** How often a key was taken or given back. */
  readonly turns: number;
}

let state: KeyState = { isNeeded: false, turns: 0 };
const listeners = new Set<(state: KeyState) => void>();

function become(next: KeyState): void {
  state = next;
  for (const listener of listeners) listener(state);
}

export function needKey(): void {
  if (!state.isNeeded) become({ ...state, isNeeded: true });
}

export function keyTaken(): void {
  become({ isNeeded: false, turns: state.turns + 1 });
}

export function leaveKeyDialog(): void {
  become({ ...state, isNeeded: false });
}

export function useKeyState(): KeyState {
  const [seen, setSeen] = useState(state);
  useEffect(() => {
    setSeen(state);
    listeners.add(setSeen);
    return () => void listeners.delete(setSeen);
  }, []);
  return seen;
}

export function useKeyTurns(): number {
  return useKeyState().turns;
}
