// Why nothing alarms, or not yet: how far the detector is, and what to do next.
import type { DetectorState } from '../../../alerts/answers.ts';
import { ask, useAddress } from '../address/use-address.ts';
import { countText } from '../show/figures.ts';
import { absoluteText, Moment, useNow } from '../show/moment.tsx';
import { Empty } from '../show/states.tsx';
import { lastedText } from './words.ts';

/** Counts of the last quarter of an hour are judged some minutes after it; what is older than this is late. */
const lateAfterMs = 60 * 60_000;

const filters = { theme: null, place: null, department: null };

export function NoAlerts({ detector }: { detector: DetectorState }) {
  const { query } = useAddress();
  const isNarrowed = Object.keys(filters).some((name) => query.has(name));
  const { firstAt, evaluatedUntil, readyAt, isReady, seriesTested } = detector;
  if (firstAt === null) {
    return (
      <Empty title="Nothing is counted yet" command="npx signpost up --demo">
        <p>
          Alerts are made of what customers say. Import what they said, or begin with customers of a
          made-up provider:
        </p>
      </Empty>
    );
  }
  if (!isReady) {
    return (
      <Empty
        title="What is usual is still being learnt"
        command="npx signpost import tickets history.csv --data ./data"
      >
        <p>
          {evaluatedUntil === null ? (
            'Nothing has been judged yet. '
          ) : (
            <>
              Counted since <Moment at={firstAt} />, judged up to <Moment at={evaluatedUntil} />
              .{' '}
            </>
          )}
          {readyAt !== null && (
            <>
              Nothing alarms before {absoluteText(readyAt)}:{' '}
              {lastedText(Date.parse(readyAt) - Date.parse(evaluatedUntil ?? firstAt))} of what
              customers say are still needed. History makes it shorter: stop Signpost, import it,
              and start again.
            </>
          )}
        </p>
      </Empty>
    );
  }
  if (isNarrowed) {
    return (
      <Empty title="No alert matches">
        <p>Neither now nor in this time range.</p>
        <button type="button" class="button" onClick={() => ask(filters)}>
          Clear filters
        </button>
      </Empty>
    );
  }
  return (
    <Empty title="Nothing alarms" command="npx signpost alerts backtest --data ./data --budget 1">
      <p>
        {countText(seriesTested)} series of places and themes are watched
        {evaluatedUntil !== null && (
          <>
            , judged up to <Moment at={evaluatedUntil} />
          </>
        )}
        . In this time range there was no alert. What another budget of false alarms would have
        told:
      </p>
    </Empty>
  );
}

/** Says nothing while all is as it should be. */
export function DetectorNote({ detector }: { detector: DetectorState }) {
  const { evaluatedUntil, silentSources } = detector;
  const now = useNow();
  const isLate = evaluatedUntil !== null && now - Date.parse(evaluatedUntil) > lateAfterMs;
  if (!isLate && silentSources.length === 0) return null;
  return (
    <p class="detector-note" role="status">
      {isLate && (
        <>
          Counts are judged up to <Moment at={evaluatedUntil} />: what happened since may be missing
          here.{' '}
        </>
      )}
      {silentSources.length > 0 && (
        <>
          Silent: <bdi>{silentSources.join(', ')}</bdi>. No data is not recovery.
        </>
      )}
    </p>
  );
}
