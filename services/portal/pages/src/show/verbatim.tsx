// What a customer said: quoted, with what spoke for each department underlined, where it is from in one grey line, and
// two quiet buttons.
import type { InsightAnswer } from '../../../api/answers.ts';
import { giveVerdict, useGiven } from '../api/judgements.ts';
import { useSession } from '../api/session.tsx';
import { Department, useMarkOf } from './department-mark.tsx';
import { segmentsOf, type Segment, type Spoke } from './evidence-segments.ts';
import { shareText, titleOf } from './figures.ts';
import { Moment } from './moment.tsx';

/** @param department whose stream it is read in; without one the buttons are for whichever received it first. */
export function Verbatim({
  insight,
  department,
}: {
  insight: InsightAnswer;
  department?: string | undefined;
}) {
  const received = insight.departments.filter((each) => each.received);
  const spoke = received.flatMap((each) =>
    each.evidence.map((one): Spoke => ({ ...one, department: each.department })),
  );
  const judged = department ?? received[0]?.department;
  return (
    <article class="verbatim">
      {insight.text === null ? (
        <p class="quiet">The words are forgotten by now; what was counted of them stays.</p>
      ) : (
        <blockquote lang={insight.language ?? undefined} dir="auto">
          {segmentsOf(insight.text, spoke).map((segment, index) => (
            <Underlined key={index} segment={segment} />
          ))}
        </blockquote>
      )}
      <p class="source-line quiet">
        {titleOf(insight.theme)}
        <Dot />
        {sourceOf(insight)}
        {placeOf(insight) !== '' && (
          <>
            <Dot />
            <bdi>{placeOf(insight)}</bdi>
          </>
        )}
        <Dot />
        <Moment at={insight.at} isExact={insight.isExact} />
      </p>
      <div class="verbatim-foot">
        <details class="why">
          <summary>
            {received.map((each) => (
              <Department key={each.department} department={each.department} />
            ))}
            {received.length === 0 && 'No department'}
          </summary>
          <Why insight={insight} />
        </details>
        {judged !== undefined && <Judging insight={insight} department={judged} />}
      </div>
    </article>
  );
}

function Dot() {
  return <span aria-hidden="true"> · </span>;
}

/** Nested, so that each department's line lies below the one before. */
function Underlined({ segment }: { segment: Segment }) {
  const markOf = useMarkOf();
  const { text, spoke } = segment;
  if (spoke.length === 0) return <>{text}</>;
  const title = spoke
    .map(({ department, weight }) => `${titleOf(department)} ${weightText(weight)}`)
    .join(', ');
  let content = <>{text}</>;
  for (const [depth, { department }] of spoke.slice(0, 3).entries()) {
    content = <span class={`spoke spoke-${depth} mark-${markOf(department)}`}>{content}</span>;
  }
  return <span title={title}>{content}</span>;
}

function Why({ insight }: { insight: InsightAnswer }) {
  return (
    <ul class="why-list">
      {insight.departments.map(({ department, relevance, received, evidence }) => (
        <li key={department}>
          <Department department={department} />{' '}
          <span>{relevance !== null && shareText(relevance)}</span>
          {!received && <span class="quiet">, not sent there</span>}
          {evidence.length > 0 && (
            <span class="quiet">
              {': '}
              {evidence.map((one, index) => (
                <span key={index}>
                  {index > 0 && ', '}
                  <q>{one.text}</q> {weightText(one.weight)}
                </span>
              ))}
            </span>
          )}
        </li>
      ))}
      <li class="quiet">
        Judged by <code>{insight.model}</code>
      </li>
    </ul>
  );
}

function Judging({ insight, department }: { insight: InsightAnswer; department: string }) {
  const { me } = useSession();
  const given = useGiven(insight.id, department);
  if (me.answer?.mayJudge !== true) return null;
  return (
    <div class="judging" role="group" aria-label={`Is this right for ${titleOf(department)}?`}>
      {(['right', 'wrong'] as const).map((verdict) => (
        <button
          key={verdict}
          type="button"
          class="quiet-button"
          data-verdict={verdict}
          aria-pressed={given?.verdict === verdict}
          title={`${titleOf(verdict)} for ${titleOf(department)}`}
          onClick={() => giveVerdict(insight, department, verdict)}
        >
          <span aria-hidden="true">{verdict === 'right' ? '✓' : '✗'}</span> {titleOf(verdict)}
        </button>
      ))}
    </div>
  );
}

/** Log-odds with their sign: how much it spoke for the department. */
function weightText(weight: number): string {
  return `${weight < 0 ? '−' : '+'}${Math.abs(weight).toFixed(1)}`;
}

function sourceOf({ kind, source, score }: InsightAnswer): string {
  const what = kind === 'survey' ? 'survey answer' : kind;
  const scored = score === null ? '' : `, ${score.scale.toUpperCase()} ${score.value}`;
  return `${titleOf(what)} from ${source}${scored}`;
}

function placeOf({ place }: InsightAnswer): string {
  return [place.area, place.postcode, place.city, place.region, place.country]
    .filter((name): name is string => name !== null && name !== '')
    .filter((name, index, all) => all.indexOf(name) === index)
    .slice(0, 3)
    .join(', ');
}
