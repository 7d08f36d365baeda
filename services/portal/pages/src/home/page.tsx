// Home: what flows, whether all runs, what rises, what was said, what to try next.
import { useEffect } from 'preact/hooks';
import type { OverviewAnswer } from '../../../api/answers.ts';
import { elsewhere, globalNames } from '../address/address.ts';
import { useAddress } from '../address/use-address.ts';
import { useAnswer } from '../api/use-answer.ts';
import { Failed, Skeleton } from '../show/states.tsx';
import { Verbatim } from '../show/verbatim.tsx';
import { Firing } from './firing.tsx';
import { Flow } from './flow.tsx';
import { Health } from './health.tsx';
import { FirstSteps, Next } from './next.tsx';
import { Themes } from './themes.tsx';
import './home.css';

const renewMs = 15_000;

export default function HomePage() {
  const { answer, problem, again } = useAnswer<OverviewAnswer>('/v1/overview');
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') again();
    }, renewMs);
    return () => window.clearInterval(timer);
  }, [again]);
  return (
    <div class="home">
      <h1 class="unseen">Home</h1>
      {problem !== null && problem.status !== 401 && <Failed problem={problem} again={again} />}
      {answer === null && problem === null && <Skeleton lines={10} />}
      {answer !== null && (
        <>
          <Health health={answer.health} lastReceivedAt={answer.lastReceivedAt} />
          <Firing />
          {answer.today === null ? <FirstSteps /> : <Told overview={answer} />}
        </>
      )}
    </div>
  );
}

function Told({ overview }: { overview: OverviewAnswer }) {
  return (
    <>
      <Narrowed />
      <Flow overview={overview} />
      <div class="home-columns">
        <div class="home-column">
          <Themes themes={overview.themes} />
          <Next overview={overview} />
        </div>
        <Notable overview={overview} />
      </div>
    </>
  );
}

/** The top bar narrows the other pages; here it would hide what is wrong. */
function Narrowed() {
  const { query } = useAddress();
  if (!globalNames.some((name) => query.has(name))) return null;
  return (
    <p class="quiet">
      Home tells of everything at present. What is set above holds for Streams and the map.
    </p>
  );
}

function Notable({ overview: { notable } }: { overview: OverviewAnswer }) {
  const address = useAddress();
  return (
    <section aria-labelledby="notable-title">
      <h2 id="notable-title">Worth reading</h2>
      <p class="quiet">
        Of the last 7 days: urgent, or of customers who may leave.{' '}
        <a href={elsewhere(address, '/streams')}>All of it</a>
      </p>
      {notable.length === 0 && (
        <p class="quiet themes-none">
          Nothing urgent was said, and nobody said that they may leave.
        </p>
      )}
      <ul class="notable">
        {notable.map((insight) => (
          <li key={insight.id}>
            <Verbatim insight={insight} />
          </li>
        ))}
      </ul>
    </section>
  );
}
