// A rollout wave: what it would answer, or whether it did.
import type { WaveAnswer } from '../../../api/answers.ts';
import { ask } from '../address/use-address.ts';
import { Figure, Unknown, Withheld } from '../show/figure.tsx';
import { changeText, countText, intervalText, shareText } from '../show/figures.ts';

export function WaveCard({ wave, isOfAreas }: { wave: WaveAnswer; isOfAreas: boolean }) {
  const { technologies, areas, plannedOn, finishedOn } = wave;
  return (
    <div class="wave">
      <h3>
        <bdi>{wave.wave}</bdi>
      </h3>
      <p class="quiet">
        <bdi>{technologies.join(', ')}</bdi> in {countText(areas.length)}{' '}
        {areas.length === 1 ? 'area' : 'areas'},{' '}
        {finishedOn === null ? `planned from ${plannedOn}` : `finished on ${finishedOn}`}
      </p>
      <Answers {...wave.answers} />
      {wave.effect !== null && <Effect effect={wave.effect} />}
      {!isOfAreas && (
        <button type="button" class="button" onClick={() => ask({ level: 'area', open: null })}>
          Show its areas on the map
        </button>
      )}
    </div>
  );
}

function Answers(answers: WaveAnswer['answers']) {
  const { tickets, of, share, subscribers, subscribersShare, suppressed } = answers;
  if (suppressed) {
    return (
      <p>
        What it would answer is <Withheld />.
      </p>
    );
  }
  return (
    <p>
      It covers <Figure estimate={share} text={shareText} /> of the tickets shown
      {tickets !== null && of !== null && ` (${countText(tickets)} of ${countText(of)})`}
      {subscribers === null ? (
        '; how many subscribers is not known.'
      ) : (
        <>
          , and{' '}
          <span class="figure-value">
            {subscribersShare === null ? '' : `${shareText(subscribersShare)} of `}subscribers
          </span>{' '}
          ({countText(subscribers)}).
        </>
      )}
    </p>
  );
}

const verdicts = {
  fewer: 'Fewer tickets than before',
  more: 'More tickets than before',
  'no-clear-change': 'No clear change: it may be chance',
  'too-early': 'Too early to say',
  suppressed: 'Withheld: too few tickets',
} as const;

function Effect({ effect }: { effect: NonNullable<WaveAnswer['effect']> }) {
  const { days, before, after, ratio, elsewhere, verdict } = effect;
  return (
    <div class="effect">
      <p>
        <strong>{verdicts[verdict]}</strong>
      </p>
      {ratio !== null && (
        <p>
          {countText(days)} days before and after:{' '}
          {before === null ? <Unknown /> : countText(before)} to{' '}
          {after === null ? <Unknown /> : countText(after)} tickets,{' '}
          <span class="figure-value">{changeText(ratio.value)}</span>
          <span class="quiet" title="95 % interval">
            , {intervalText(ratio, changeText)}
          </span>
          {elsewhere !== null && (
            <>
              . Elsewhere {changeText(elsewhere.value)}
              <span class="quiet" title="95 % interval">
                , {intervalText(elsewhere, changeText)}
              </span>
            </>
          )}
          .
        </p>
      )}
    </div>
  );
}
