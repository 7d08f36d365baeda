// Asks for an API key when the server wants one; the server keeps it as a cookie that no script can read.
import { useEffect, useState } from 'preact/hooks';
import { post, type Problem } from '../api/get.ts';
import { keyTaken, leaveKeyDialog, useKeyState } from '../api/key.ts';
import { forgetAnswers } from '../api/use-answer.ts';
import { Command } from '../show/states.tsx';
import { Dialog } from './dialog.tsx';

export function KeyDialog() {
  const { isNeeded } = useKeyState();
  return (
    <Dialog label="Sign in with a key" isOpen={isNeeded} onClose={leaveKeyDialog}>
      <KeyForm />
    </Dialog>
  );
}

function KeyForm() {
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isAsking, setAsking] = useState(false);
  useEffect(() => setProblem(null), [key]);
  async function send(): Promise<void> {
    setAsking(true);
    const got = await post('/v1/session', { key: key.trim() });
    setAsking(false);
    if (!got.ok) {
      setProblem(got.problem);
      return;
    }
    forgetAnswers();
    keyTaken();
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (key.trim() !== '') void send();
      }}
    >
      <h2>This server asks for a key</h2>
      <p class="quiet">
        Whoever runs it makes one. It says which departments you read. This browser keeps it until
        you sign out.
      </p>
      <label class="field">
        Key
        <input
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      {problem !== null && (
        <p role="alert" class="field-problem">
          {problem.message} {problem.hint}
        </p>
      )}
      <p class="dialog-actions">
        <button type="submit" class="button primary" disabled={isAsking || key.trim() === ''}>
          {isAsking ? 'Asking…' : 'Sign in'}
        </button>
      </p>
      <details>
        <summary>How a key is made</summary>
        <Command text="signpost keys create --read --role planner" />
      </details>
    </form>
  );
}
