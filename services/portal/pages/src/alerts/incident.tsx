// One alert: what is known of it, what may be done, what went out, what may be sent on.
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { AlertAnswer } from '../../../alerts/answers.ts';
import { elsewhere } from '../address/address.ts';
import { useAddress } from '../address/use-address.ts';
import { Department } from '../show/department-mark.tsx';
import { countText, intervalText } from '../show/figures.ts';
import { absoluteText, Moment } from '../show/moment.tsx';
import { Empty, Failed, Skeleton } from '../show/states.tsx';
import { Verbatim } from '../show/verbatim.tsx';
import { Actions } from './actions.tsx';
import { StateMark } from './alert-row.tsx';
import { BandChart } from './band-chart.tsx';
import { Deliveries } from './deliveries.tsx';
import { Drafts } from './drafts.tsx';
import { PlaceMap } from './place-map.tsx';
import { SilenceLine } from './silences.tsx';
import { Timeline } from './timeline.tsx';
import { useLive } from './use-live.ts';
import {
  aboutText,
  chanceText,
  lastedText,
  placeTitleOf,
  themesTitle,
  usualText,
} from './words.ts';

export function Incident({ id }: { id: string }) {
  const address = useAddress();
  const { answer, problem, again } = useLive<AlertAnswer>(`/v1/alerts/${encodeURIComponent(id)}`);
  const title =
    answer === null ? null : `${themesTitle(answer.alert.themes)}, ${placeTitleOf(answer.alert)}`;
  useEffect(() => {
    if (title !== null) document.title = `${title} · Signpost`;
  }, [title]);
  const isUnknown = problem?.status === 404;
  return (
    <div class="incident">
      <p class="incident-back">
        <a href={elsewhere(address, '/alerts')}>All alerts</a>
      </p>
      {answer === null && <h1 class="unseen">Alert</h1>}
      {answer === null && problem === null && <Skeleton lines={10} />}
      {isUnknown && answer === null && (
        <Empty title="There is no such alert">
          <p>Or none that your departments should know of. Alerts of long ago are forgotten.</p>
        </Empty>
      )}
      {problem !== null && !isUnknown && problem.status !== 401 && (
        <Failed problem={problem} again={again} />
      )}
      {answer !== null && <Told answer={answer} again={again} />}
    </div>
  );
}

function Told({ answer, again }: { answer: AlertAnswer; again: () => void }) {
  const { alert, counts, examples, words, planned, silence } = answer;
  return (
    <>
      <header class="incident-head">
        <div>
          <h1>
            <bdi>{themesTitle(alert.themes)}</bdi>{' '}
            <span class="alert-place">
              <bdi>{placeTitleOf(alert)}</bdi>
            </span>
          </h1>
          <p class="incident-state">
            <StateMark state={alert.state} by={alert.acknowledgedBy} />
            <Since answer={answer} />
          </p>
        </div>
        <Actions answer={answer} again={again} />
      </header>
      {silence !== null && silence.state !== 'over' && (
        <SilenceLine silence={silence} mayEnd={answer.may.silence} onEnded={again} />
      )}
      {alert.heldBy.length > 0 && (
        <p class="detector-note">
          Held open: <bdi>{alert.heldBy.join(', ')}</bdi> is silent, and no data is not recovery.
        </p>
      )}
      <Figures answer={answer} />
      <div class="incident-columns">
        <div class="incident-main">
          {counts.length > 0 && <BandChart counts={counts} alert={alert} />}
          {words.length > 0 && <Words words={words} />}
          <section aria-labelledby="said-title">
            <h2 id="said-title">What was said</h2>
            {examples.length === 0 ? (
              <p class="quiet">
                Nothing that your departments received, or the words are forgotten by now.
              </p>
            ) : (
              <ul class="notable">
                {examples.map((insight) => (
                  <li key={insight.id}>
                    <Verbatim insight={insight} />
                  </li>
                ))}
              </ul>
            )}
          </section>
        </div>
        <div class="incident-side">
          <PlaceMap alert={alert} />
          <Timeline timeline={answer.timeline} />
          {planned.length > 0 && (
            <section aria-labelledby="planned-title">
              <h2 id="planned-title">Planned work that may have to do with it</h2>
              <ul>
                {planned.map(({ says }) => (
                  <li key={says}>
                    <bdi>{says}</bdi>
                  </li>
                ))}
              </ul>
            </section>
          )}
          <Deliveries deliveries={answer.deliveries} isPast={alert.isPast} />
          <Drafts drafts={answer.drafts} id={alert.id} />
        </div>
      </div>
    </>
  );
}

function Since({ answer: { alert } }: { answer: AlertAnswer }) {
  const { startedAt, detectedAt, resolvedAt } = alert;
  const delay = lastedText(Date.parse(detectedAt) - Date.parse(startedAt));
  return (
    <span class="quiet">
      {resolvedAt === null ? (
        <>
          began <Moment at={startedAt} />
        </>
      ) : (
        <>
          <Moment at={startedAt} />, lasted{' '}
          {lastedText(Date.parse(resolvedAt) - Date.parse(startedAt))}
        </>
      )}
      , <span title={absoluteText(detectedAt)}>noticed after {delay}</span>
      {alert.reopened > 0 &&
        `, rose again ${alert.reopened} ${alert.reopened === 1 ? 'time' : 'times'}`}
    </span>
  );
}

function Figures({ answer: { alert } }: { answer: AlertAnswer }) {
  const { customers, expected, excess, affected, userMinutes, subscribers } = alert;
  return (
    <dl class="incident-figures">
      <Figure name="Customers who said so">
        <span class="figure-value">{countText(customers)}</span>
        <span class="quiet">
          {usualText(expected)}; {aboutText(excess.value)} above that,{' '}
          {intervalText(excess, aboutText)}
        </span>
      </Figure>
      <Figure name="Customers affected">
        <span class="figure-value">about {aboutText(affected.value)}</span>
        <span class="quiet" title="From how few of the customers affected say so; 95 % interval">
          {intervalText(affected, aboutText)}
          {subscribers !== null && ` of ${countText(subscribers)} subscribers`}
        </span>
      </Figure>
      <Figure name="User-minutes">
        <span class="figure-value">about {aboutText(userMinutes.value)}</span>
        <span class="quiet">{intervalText(userMinutes, aboutText)}</span>
      </Figure>
      <Figure name="By chance, in one look">
        <span class="figure-value">{chanceText(alert.pValue)}</span>
        <span class="quiet">
          looks at one place and theme; all looks together give about the false alarms a week that
          you allow
        </span>
      </Figure>
      <Figure name="Should know">
        <span class="alert-departments">
          {alert.departments.map((department) => (
            <Department key={department} department={department} />
          ))}
        </span>
      </Figure>
    </dl>
  );
}

function Figure({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Words({ words }: { words: readonly string[] }) {
  return (
    <section aria-labelledby="words-title">
      <h2 id="words-title">Words that rose</h2>
      <ul class="risen-words">
        {words.map((word) => (
          <li key={word}>
            <bdi>{word}</bdi>
          </li>
        ))}
      </ul>
    </section>
  );
}
