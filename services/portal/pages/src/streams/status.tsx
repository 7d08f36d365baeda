// Whether the page hears of what is said now, in one calm line.
import type { LiveState } from './live.ts';

export function LiveStatus({ live, retry }: { live: LiveState | null; retry: () => void }) {
  const { tone, text } = wordsOf(live);
  return (
    <p class="live-status quiet" role="status">
      <span class={`live-dot live-${tone}`} aria-hidden="true" />
      <span>{text}</span>
      {live?.is === 'lost' && (
        <button type="button" class="quiet-button" onClick={retry}>
          Try now
        </button>
      )}
    </p>
  );
}

function wordsOf(live: LiveState | null): { tone: 'well' | 'behind' | 'still'; text: string } {
  if (live === null) return { tone: 'still', text: 'Not live: the time range has ended' };
  switch (live.is) {
    case 'live':
      return { tone: 'well', text: 'Live' };
    case 'connecting':
      return { tone: 'still', text: 'Connecting…' };
    case 'resting':
      return { tone: 'still', text: 'Resting while you are away' };
    case 'waiting':
      return { tone: 'behind', text: 'The database is away; new rows come once it is back' };
    case 'lost':
      return { tone: 'behind', text: `Not connected; trying again. ${live.problem.message}` };
  }
}
