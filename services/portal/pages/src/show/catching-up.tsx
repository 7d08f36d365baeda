// Whether records still wait to be counted, in one calm line: figures are smaller than they will be.
import { useEffect, useState } from 'preact/hooks';
import type { InsightsAnswer } from '../../../api/answers.ts';
import { useAnswer } from '../api/use-answer.ts';

const renewMs = 15_000;

/** @param again asks anew what is shown; absent where new rows come by themselves */
export function CatchingUp({ again }: { again?: () => void }) {
  // The cheapest question whose answer tells.
  const { answer, again: look } = useAnswer<InsightsAnswer>('/v1/insights', { limit: 1 });
  const [wasBehind, setWasBehind] = useState(false);
  const message = answer?.notices.find(({ field }) => field === null)?.message;
  const isBehind = message !== undefined;
  useEffect(() => {
    if (isBehind) setWasBehind(true);
  }, [isBehind]);
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') look();
    }, renewMs);
    return () => window.clearInterval(timer);
  }, [look]);
  // Nothing moves while somebody reads: what was asked before is renewed on demand.
  const isOld = !isBehind && wasBehind && again !== undefined;
  return (
    <div role="status">
      {(isBehind || isOld) && (
        <p class="strip">
          <span>{message ?? 'All is counted now; what is shown here is from before.'}</span>
          {again !== undefined && (
            <button type="button" class="quiet-button" onClick={again}>
              Ask again
            </button>
          )}
        </p>
      )}
    </div>
  );
}
