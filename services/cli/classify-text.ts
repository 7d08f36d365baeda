// `signpost classify`: one text judged as the pipeline would, redacted first.
import { SignpostError } from '#core/errors.ts';
import { createRedactor } from '../normalize/redact.ts';
import type { Judge } from '../classify/judge.ts';
import { nothingSaid } from '../classify/rules.ts';
import { readConfig } from './config.ts';
import type { ClassifyOptions } from './commands/classify.ts';
import { readDepartments } from './departments.ts';
import { openJudge } from './judgement.ts';
import { createOutput, type Output } from './output.ts';
import { pad } from './safe-text.ts';
import { showEvidence, showJudgement, spokenFor } from './show-judgement.ts';
import { quoteLines } from './words.ts';

/** Longer texts are refused at intake too. */
const mostBytes = 1024 * 1024;
const scoreRanges = { nps: [0, 10], csat: [1, 5], ces: [1, 7] } as const;

export async function classify(argument: string, options: ClassifyOptions): Promise<void> {
  const score = scoreOf(options);
  const raw = argument === '-' ? await readStandardInput() : argument;
  if (raw.trim() === '' && score.score === null) throw noText();
  const config = readConfig(options.config);
  const judge = openJudge(config.classify, readDepartments(config.classify));
  const redact = createRedactor({ region: config.normalize.phoneRegion });
  const judged = judgeText(raw.toWellFormed(), { kind: options.kind, ...score }, judge, redact);
  const output = createOutput();
  if (options.json) await output.json(judged);
  else for (const line of showJudged(judged, output)) await output.line(line);
}

function noText(): SignpostError {
  return new SignpostError('no-text', 'There is no text to judge', {
    hint: 'Give what a customer said; a score can be judged without words: --scale nps --score 3.',
  });
}

/** What `--json` prints. */
export type JudgedText = ReturnType<typeof judgeText>;

export function judgeText(
  raw: string,
  said: Pick<ClassifyOptions, 'kind'> & {
    readonly scale: 'nps' | 'csat' | 'ces' | null;
    readonly score: number | null;
  },
  judge: Judge,
  redact: ReturnType<typeof createRedactor>,
) {
  const { text: redacted, counts } = redact(raw);
  const text = redacted.trim() === '' ? null : redacted;
  const redactions = Object.fromEntries(
    Object.entries(counts ?? {}).filter(([, count]) => count > 0),
  );
  const judgement = judge.judge({
    ...nothingSaid,
    ...said,
    text,
    ticket:
      said.kind === 'ticket' ? { type: null, severity: null, priority: null, status: null } : null,
  });
  return { ...judgement, model: judge.version, text, redactions };
}

function showJudged(judged: JudgedText, output: Output): string[] {
  const { styles } = output;
  const columns = Math.min(100, output.columns);
  const { departments, redactions, text } = judged;
  const shape = { columns: Math.min(75, columns), maxLines: 20, mark: styles.underline };
  const redacted = Object.entries(redactions).map(([type, count]) => `${count} ${type}`);
  const nameColumns = Math.max(12, ...departments.map(({ department }) => department.length)) + 2;
  return [
    ...(text === null
      ? ['no words: judged by the score alone']
      : quoteLines(text, spokenFor(departments), shape)),
    ...(redacted.length === 0
      ? []
      : [styles.dim(`  redacted before it was read: ${redacted.join(', ')}`)]),
    '',
    ...(departments.length === 0 ? ['  concerns no department'] : []),
    ...departments.map(({ department, relevance, evidence, rest }) => {
      const name = pad(department, nameColumns);
      const shown = `${relevance >= 0.5 ? styles.bold(name) : styles.dim(name)}${relevance.toFixed(2)}`;
      return `  ${shown}  ${showEvidence(evidence, rest, Math.max(20, columns - nameColumns - 8))}`;
    }),
    '',
    `  ${showJudgement(judged, styles)}`,
    styles.dim(
      `  theme with confidence ${judged.themeConfidence.toFixed(2)} · churn risk ${judged.churnRisk.toFixed(2)} · model ${judged.model}`,
    ),
  ];
}

function scoreOf({ score, scale }: ClassifyOptions): {
  score: number | null;
  scale: 'nps' | 'csat' | 'ces' | null;
} {
  if (score === undefined && scale === undefined) return { score: null, scale: null };
  if (score === undefined || scale === undefined) {
    throw new SignpostError('score-incomplete', '--score and --scale belong together', {
      hint: 'For example --scale nps --score 3.',
    });
  }
  const [least, most] = scoreRanges[scale];
  if (score >= least && score <= most) return { score, scale };
  throw new SignpostError(
    'score-out-of-scale',
    `A score of ${scale} is a number from ${least} to ${most}`,
  );
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes)
      throw new SignpostError('text-too-long', 'The text is longer than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
}
