// Short words after an action, said to screen readers too; they go by themselves.
import { useEffect, useState } from 'preact/hooks';

interface Said {
  readonly id: number;
  readonly text: string;
  readonly undo?: () => void;
}

const showForMs = 6000;
let count = 0;
let hear: ((said: Said) => void) | null = null;

/** @param undo offered as a button for as long as the words are there. */
export function say(text: string, undo?: () => void): void {
  count += 1;
  hear?.({ id: count, text, ...(undo && { undo }) });
}

export function Toasts() {
  const [shown, setShown] = useState<readonly Said[]>([]);
  const leave = (id: number): void => setShown((all) => all.filter((said) => said.id !== id));
  useEffect(() => {
    hear = (said) => {
      setShown((all) => [...all.slice(-2), said]);
      window.setTimeout(() => leave(said.id), showForMs);
    };
    return () => {
      hear = null;
    };
  }, []);
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, text, undo }) => (
        <div key={id} class="toast">
          <span>{text}</span>
          {undo !== undefined && (
            <button
              type="button"
              class="button"
              onClick={() => {
                leave(id);
                undo();
              }}
            >
              Undo
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
