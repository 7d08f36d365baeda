// What may be done to an alert: take it in hand, silence it, print the report. By button or by key.
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AlertAnswer, SilenceAnswer } from '../../../alerts/answers.ts';
import { post } from '../api/get.ts';
import { Icon } from '../shell/icon.tsx';
import { say } from '../shell/toast.tsx';
import { absoluteText } from '../show/moment.tsx';
import { mostCommentLength, SilenceDialog } from './silence-dialog.tsx';
import { isTaken } from './use-list-keys.ts';
import { alertPath } from './words.ts';

export function Actions({ answer, again }: { answer: AlertAnswer; again: () => void }) {
  const { alert, may } = answer;
  const [isBusy, setBusy] = useState(false);
  const [isSilencing, setSilencing] = useState(false);
  const [comment, setComment] = useState('');
  const stands = alert.state !== 'resolved';
  const mayAcknowledge = may.acknowledge && stands && alert.state !== 'acknowledged';
  const maySilence = may.silence && stands && alert.state !== 'suppressed';
  async function acknowledge(): Promise<void> {
    setBusy(true);
    const said = comment.trim() === '' ? {} : { comment };
    const got = await post(`/v1${alertPath(alert.id)}/acknowledge`, said);
    setBusy(false);
    if (got.ok) setComment('');
    say(
      got.ok
        ? 'In hand: nobody is told again unless it widens'
        : `Not acknowledged: ${got.problem.message}`,
    );
    again();
  }
  useKeys({
    a: mayAcknowledge && !isBusy ? () => void acknowledge() : undefined,
    s: maySilence ? () => setSilencing(true) : undefined,
  });
  function silenced(silence: SilenceAnswer): void {
    setSilencing(false);
    say(`Silenced until ${absoluteText(silence.until)}`);
    again();
  }
  return (
    <div class="incident-actions">
      {mayAcknowledge && (
        <form
          class="incident-actions"
          onSubmit={(event) => {
            event.preventDefault();
            void acknowledge();
          }}
        >
          <button type="submit" class="button primary" disabled={isBusy} title="Key: a">
            Acknowledge
          </button>
          <input
            class="acknowledge-comment"
            aria-label="Comment on the acknowledgement"
            placeholder="Comment, if any"
            maxLength={mostCommentLength}
            value={comment}
            autocomplete="off"
            onInput={({ currentTarget }) => setComment(currentTarget.value)}
          />
        </form>
      )}
      {maySilence && (
        <button type="button" class="button" title="Key: s" onClick={() => setSilencing(true)}>
          Silence…
        </button>
      )}
      <a class="button" href={`${alertPath(alert.id)}/report`} target="_blank" rel="noopener">
        Report
      </a>
      <a
        class="button icon-button"
        href={`${alertPath(alert.id)}/report?download=true`}
        download
        aria-label="Save the report"
        title="Save the report"
      >
        <Icon name="save" />
      </a>
      <SilenceDialog
        alert={alert}
        isOpen={isSilencing}
        onClose={() => setSilencing(false)}
        onSilenced={silenced}
      />
    </div>
  );
}

type Acts = Readonly<Record<string, (() => void) | undefined>>;

function useKeys(acts: Acts): void {
  const latest = useRef(acts);
  latest.current = acts;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const act = isTaken(event) ? undefined : latest.current[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}
