// For how long, and why, nobody is told of an alert.
import { useId, useState } from 'preact/hooks';
import type { AlertAnswer, SilenceAnswer } from '../../../alerts/answers.ts';
import { post, type Problem } from '../api/get.ts';
import { Dialog } from '../shell/dialog.tsx';
import { placeTitleOf, themesTitle } from './words.ts';

const durations = [
  { minutes: 30, title: '30 minutes' },
  { minutes: 120, title: '2 hours' },
  { minutes: 480, title: '8 hours' },
  { minutes: 1440, title: '1 day' },
  { minutes: 10_080, title: '7 days' },
] as const;
export const mostCommentLength = 500;

interface SilenceDialogProps {
  readonly alert: AlertAnswer['alert'];
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onSilenced: (silence: SilenceAnswer) => void;
}

export function SilenceDialog({ alert, isOpen, onClose, onSilenced }: SilenceDialogProps) {
  const [minutes, setMinutes] = useState<number>(120);
  const [comment, setComment] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isBusy, setBusy] = useState(false);
  const name = useId();
  async function silence(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    const got = await post<SilenceAnswer>('/v1/silences', {
      incident: alert.id,
      minutes,
      comment,
    });
    setBusy(false);
    setProblem(got.ok ? null : got.problem);
    if (got.ok) onSilenced(got.answer);
  }
  return (
    <Dialog label="Silence this alert" isOpen={isOpen} onClose={onClose}>
      <form onSubmit={(event) => void silence(event)}>
        <h2>Silence this alert</h2>
        <p>
          Nobody is told of <bdi>{themesTitle(alert.themes)}</bdi>{' '}
          {alert.place.level === 'everywhere' ? '' : 'in '}
          <bdi>{placeTitleOf(alert)}</bdi>. What still stands when it ends is told then.
        </p>
        <fieldset class="durations">
          <legend>For how long</legend>
          {durations.map((each) => (
            <label key={each.minutes}>
              <input
                type="radio"
                name={name}
                checked={minutes === each.minutes}
                onChange={() => setMinutes(each.minutes)}
              />
              {each.title}
            </label>
          ))}
        </fieldset>
        <label class="field">
          Why, for those who wonder
          <input
            required
            maxLength={mostCommentLength}
            value={comment}
            autocomplete="off"
            onInput={({ currentTarget }) => setComment(currentTarget.value)}
          />
        </label>
        {problem !== null && (
          <p class="silence-problem" role="alert">
            {problem.message} {problem.hint}
          </p>
        )}
        <p class="dialog-actions">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>{' '}
          <button type="submit" class="button primary" disabled={isBusy}>
            Silence
          </button>
        </p>
      </form>
    </Dialog>
  );
}
