// A judgement in words: departments by relevance, and the marks for theme, sentiment, urgency and churn.
import type { Evidence } from '../classify/judge.ts';
import type { Styles } from './output.ts';
import { oneLine, truncate } from './safe-text.ts';
import type { Stretch } from './words.ts';

interface Relevance {
  readonly department: string;
  readonly relevance: number;
  readonly evidence: readonly Evidence[];
}

interface Findings {
  readonly theme: string | null;
  readonly sentiment: number;
  readonly urgency: string;
  readonly churnRisk: number;
}

/** From here on a department is probably meant, and a customer probably about to leave. */
const likely = 0.5;

/** `operations 0.97, billing 0.12`: the likely ones stand out. */
export function showDepartments(departments: readonly Relevance[], { bold, dim }: Styles): string {
  return departments
    .map(({ department, relevance }) =>
      (relevance >= likely ? bold : dim)(`${oneLine(department)} ${relevance.toFixed(2)}`),
    )
    .join(', ');
}

export function showJudgement(
  { theme, sentiment, urgency, churnRisk }: Findings,
  { red, green, yellow }: Styles,
): string {
  const marks = [
    theme === null ? 'no theme' : oneLine(theme),
    sentiment < 0 ? red('negative') : sentiment > 0 ? green('positive') : 'neutral',
    urgency === 'high' ? red('urgent') : urgency === 'low' ? 'not urgent' : null,
    churnRisk >= likely ? yellow(`may leave (${churnRisk.toFixed(2)})`) : null,
  ];
  return marks.filter((mark) => mark !== null).join(' · ');
}

/** The words that spoke for any likely department. */
export function spokenFor(departments: readonly Relevance[]): Stretch[] {
  return departments
    .filter(({ relevance }) => relevance >= likely)
    .flatMap(({ evidence }) => evidence)
    .flatMap(({ start, end, weight }) =>
      start === null || end === null || weight <= 0 ? [] : [{ start, end }],
    );
}

/** `“no signal” +2.1, ticket.type=outage +1.4, rest −0.3`: what each piece and all others added to the log-odds. */
export function showEvidence(evidence: readonly Evidence[], rest: number, columns: number): string {
  const pieces = evidence.map(({ kind, text, weight }) => {
    const shown = truncate(oneLine(text), 40);
    return `${kind === 'words' ? `“${shown}”` : shown} ${signed(weight)}`;
  });
  // However long the reasons are, the rest is seen, without which they do not add up.
  const last = `rest ${signed(rest)}`;
  return `${truncate(pieces.join(', '), columns - last.length - 2)}, ${last}`;
}

function signed(weight: number): string {
  return `${weight < 0 ? '−' : '+'}${Math.abs(weight).toFixed(1)}`;
}
