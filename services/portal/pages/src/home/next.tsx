// What to try next, by what there is: first steps where there is nothing, then the ways further.
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { FacetsAnswer, OverviewAnswer } from '../../../api/answers.ts';
import { elsewhere } from '../address/address.ts';
import { useAddress } from '../address/use-address.ts';
import { useSession } from '../api/session.tsx';
import { Command } from '../show/states.tsx';

export function FirstSteps() {
  const [now] = useState(() => new Date().toISOString().slice(0, 19));
  return (
    <section class="first-steps" aria-labelledby="first-title">
      <h2 id="first-title">Nothing has been said yet</h2>
      <p>
        Tickets, posts and survey answers become insights here, within seconds of coming in. Three
        ways to begin:
      </p>
      <ol class="steps">
        <Step title="Customers of a made-up provider, live" command="npx signpost up --demo" />
        <Step
          title="A file of your own: CSV, TSV or JSON lines, also gzipped"
          command="npx signpost import tickets complaints.csv --mapping us-isp-complaints --data ./data"
        />
        <Step
          title="By HTTP, from any system"
          command={`curl ${window.location.origin}/v1/posts -H 'content-type: application/json' -d '{"id": "p1", "occurredAt": "${now}Z", "text": "5G is so slow in Harbour North"}'`}
        />
      </ol>
    </section>
  );
}

export function Next({ overview }: { overview: OverviewAnswer }) {
  const { me, facets } = useSession();
  const address = useAddress();
  const steps = facets.answer === null ? [] : stepsFor(facets.answer);
  return (
    <section class="next" aria-labelledby="next-title">
      <h2 id="next-title">What to try next</h2>
      <ul class="steps">
        <Step title={<a href={elsewhere(address, '/streams')}>Read the streams side by side</a>}>
          {me.answer?.mayJudge === true
            ? 'Say right or wrong with the keys r and w: the next model learns from it.'
            : 'The keys j and k go from one insight to the next.'}
        </Step>
        <Step title={<a href={elsewhere(address, '/map')}>See on the map where it happens</a>}>
          Areas ranked by evidence, with every part of their score.
        </Step>
        {overview.today !== null && steps}
      </ul>
    </section>
  );
}

function stepsFor({ levels, waves }: FacetsAnswer) {
  const knowsSubscribers = levels.some(({ withSubscribers }) => withSubscribers);
  return [
    ...(knowsSubscribers
      ? []
      : [
          <Step key="gazetteer" title="Rates per 1,000 subscribers">
            A gazetteer (CSV of areas, where they are, how many subscribers) turns counts into
            rates: set <code>normalize.gazetteer</code> in the configuration.
          </Step>,
        ]),
    ...(waves.length > 0
      ? []
      : [
          <Step
            key="waves"
            title="What would a rollout answer?"
            command="npx signpost waves import waves.csv"
          />,
        ]),
  ];
}

function Step({
  title,
  command,
  children,
}: {
  title: ComponentChildren;
  command?: string;
  children?: ComponentChildren;
}) {
  return (
    <li>
      <p class="step-title">{title}</p>
      {children !== undefined && <p class="quiet">{children}</p>}
      {command !== undefined && <Command text={command} />}
    </li>
  );
}
