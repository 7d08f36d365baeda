// The figures of one place, each with its interval and what it rests on.
import type { ComponentChildren } from 'preact';
import type { PlaceAnswer } from '../../../api/answers.ts';
import { Count, Figure, Unknown, Withheld } from '../show/figure.tsx';
import { countText, decimalText, hoursText, intervalText, shareText } from '../show/figures.ts';
import { Empty } from '../show/states.tsx';

export function KeyFigures({ answer: { figures, place, ranked } }: { answer: PlaceAnswer }) {
  const { opened, surveyAnswers, posts } = figures;
  // Not by `suppressed`, which is true as well where a single figure is withheld and the others are not.
  if (opened === null && !surveyAnswers && !posts) {
    return (
      <Empty title="Withheld">
        There are too few tickets here for what you may see. A longer time range may have enough.
      </Empty>
    );
  }
  return (
    <dl class="key-figures">
      <Pair title="Rate">
        {figures.rate === null ? (
          opened === null ? (
            <Withheld />
          ) : (
            <Unknown why="The gazetteer knows no subscribers here." />
          )
        ) : (
          <Figure estimate={figures.rate} unit="per 1,000" base={figures.opened} />
        )}
      </Pair>
      <Pair title="Tickets">
        <Count value={opened} isSuppressed={opened === null} />{' '}
        <span class="quiet">
          opened, {textOr(figures.stillOpen)} still open, {textOr(figures.reopened)} reopened
        </span>
      </Pair>
      <Pair title="To resolve">
        {figures.resolved === null ? (
          <Withheld />
        ) : (
          <ToResolve median={figures.medianHoursToResolve} p90={figures.p90HoursToResolve} />
        )}
      </Pair>
      <Pair title="Customers">
        <Count
          value={figures.customers}
          isSuppressed={figures.customers === null && figures.suppressed}
        />
        {place.subscribers !== null && (
          <span class="quiet"> of {countText(place.subscribers)} subscribers</span>
        )}
      </Pair>
      {ranked?.busyHourShare != null && (
        <Pair title="Evenings">
          <Figure estimate={ranked.busyHourShare} text={shareText} />
          <span class="quiet"> of tickets from 18 to 23 h; 21 % were even</span>
        </Pair>
      )}
      {ranked?.weeks != null && ranked.weeks.whole > 1 && (
        <Pair title="Persistence">
          <span class="figure-value">{decimalText(ranked.weeks.median)}</span>{' '}
          <span class="quiet">
            in the middle of {ranked.weeks.whole} weeks, {shareText(ranked.weeks.burstShare)} in
            bursts
          </span>
        </Pair>
      )}
      {surveyAnswers !== 0 && (
        <Pair title="Surveys">
          <Count value={surveyAnswers} isSuppressed={surveyAnswers === null} />{' '}
          <span class="quiet">answers{scores(figures)}</span>
        </Pair>
      )}
      {figures.meanSentiment !== null && figures.meanSentimentInterval !== null && (
        <Pair title="Sentiment">
          <Figure
            estimate={{ value: figures.meanSentiment, ...figures.meanSentimentInterval }}
            text={decimalText}
          />
          <span class="quiet">; the scale is −1 to 1</span>
        </Pair>
      )}
      {posts !== 0 && (
        <Pair title="Posts">
          <Count value={posts} isSuppressed={posts === null} />
        </Pair>
      )}
    </dl>
  );
}

function ToResolve({ median, p90 }: { median: number | null; p90: number | null }) {
  if (median === null) return <span class="quiet">none of them is resolved yet</span>;
  return (
    <>
      <span class="figure-value">{hoursText(median)}</span>{' '}
      <span class="quiet">
        in the middle{p90 !== null && `, nine in ten within ${hoursText(p90)}`}
      </span>
    </>
  );
}

function Pair({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div>
      <dt class="quiet">{title}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A count of a place is null where it is withheld alone. */
function textOr(count: number | null): string {
  return count === null ? 'withheld' : countText(count);
}

/** ", CSAT 2.4 of 5 (1.9–3.0), NPS −18 (−51 to 18)" */
function scores(figures: PlaceAnswer['figures']): string {
  const { meanCsat, meanCsatInterval, meanCes, meanCesInterval, nps, npsInterval } = figures;
  const all = [
    ['CSAT', ' of 5', meanCsat, meanCsatInterval],
    ['CES', ' of 7', meanCes, meanCesInterval],
    ['NPS', '', nps, npsInterval],
  ] as const;
  return all
    .map(([name, scale, value, ends]) => {
      if (value === null) return '';
      const interval = ends === null ? '' : ` (${intervalText(ends)})`;
      return `, ${name} ${decimalText(value)}${scale}${interval}`;
    })
    .join('');
}
