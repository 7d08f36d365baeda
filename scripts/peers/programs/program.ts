// What the peers' programs in JavaScript share: their command line, rows, predictions and how speed is counted.
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Prediction, ScoreKind } from '../measures.ts';

export interface Row {
  readonly text: string;
  readonly labels: readonly string[];
}

/** A classifier of one label out of several: what both peers are at heart. */
export interface Chooser {
  /** Learns from texts in an order without meaning. */
  train(examples: readonly (readonly [text: string, label: string])[]): Promise<void>;
  /** Probability per label. */
  judge(text: string): Scores | Promise<Scores>;
  toJSON(): unknown;
}
type Scores = Readonly<Record<string, number>>;

interface Peer {
  readonly scoreKind: ScoreKind;
  readonly way: string;
  create(): Chooser;
  restore(saved: unknown): Chooser;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string' },
    field: { type: 'string' },
    kind: { type: 'string' },
    model: { type: 'string' },
    predictions: { type: 'string' },
  },
});
const [packages, verb] = positionals as [string, 'train' | 'judge'];

/** Loads a package from the folder that the first argument names. */
export const requirePeer = createRequire(join(packages, 'package.json'));

/** Does what the command line asks for. Several labels become a yes-or-no question each, as is usual. */
export async function runPeer(peer: Peer): Promise<void> {
  const rows = readRows();
  const model = values.model!;
  if (verb === 'train') {
    const saved =
      values.kind === 'single' ? await trainOne(peer, rows) : await trainEach(peer, rows);
    writeFileSync(model, JSON.stringify(saved));
    return;
  }
  const saved = JSON.parse(readFileSync(model, 'utf8')) as Record<string, unknown>;
  const judge = values.kind === 'single' ? judgeOne(peer, saved) : judgeEach(peer, saved);
  const lines: string[] = [];
  for (const { text } of rows) {
    lines.push(JSON.stringify({ scores: await judge(text) } satisfies Prediction));
  }
  writeFileSync(values.predictions!, `${lines.join('\n')}\n`);
  const { way, scoreKind } = peer;
  console.log(JSON.stringify({ textsPerSecond: await speedOf(judge, rows), way, scoreKind }));
}

async function trainOne(peer: Peer, rows: readonly Row[]): Promise<unknown> {
  const chooser = peer.create();
  await chooser.train(shuffled(rows.map(({ text, labels }) => [text, labels[0]!] as const)));
  return { only: chooser };
}

async function trainEach(peer: Peer, rows: readonly Row[]): Promise<unknown> {
  const saved: Record<string, Chooser> = {};
  for (const label of new Set(rows.flatMap(({ labels }) => labels))) {
    saved[label] = peer.create();
    const examples = rows.map(({ text, labels }) => {
      return [text, labels.includes(label) ? 'yes' : 'no'] as const;
    });
    await saved[label].train(shuffled(examples));
  }
  return saved;
}

type Judge = (text: string) => Scores | Promise<Scores>;

function judgeOne(peer: Peer, saved: Record<string, unknown>): Judge {
  const chooser = peer.restore(saved['only']);
  return (text) => chooser.judge(text);
}

function judgeEach(peer: Peer, saved: Record<string, unknown>): Judge {
  const choosers = Object.entries(saved).map(
    ([label, each]) => [label, peer.restore(each)] as const,
  );
  return async (text) => {
    const scores: Record<string, number> = {};
    for (const [label, chooser] of choosers)
      scores[label] = (await chooser.judge(text))['yes'] ?? 0;
    return scores;
  };
}

function readRows(): Row[] {
  const lines = readFileSync(values.rows!, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const row = JSON.parse(line) as Record<string, unknown>;
    const label = row[values.field!];
    return { text: String(row['text']), labels: [label].flat().map(String) };
  });
}

/** The same disorder every time: some learners do badly on files sorted by label. */
function shuffled<T>(rows: readonly T[]): T[] {
  const result = [...rows];
  let state = 1;
  for (let at = result.length - 1; at > 0; at -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (at + 1));
    [result[at], result[other]] = [result[other]!, result[at]!];
  }
  return result;
}

/**
 * Texts a second of processor time, which on one core is the clock's unless other work takes its share: the median of
 * five passes after one to warm up, each at least half a second.
 */
async function speedOf(judge: Judge, rows: readonly Row[]): Promise<number> {
  const rates: number[] = [];
  let next = 0;
  for (let pass = 0; pass < 6; pass += 1) {
    const before = process.cpuUsage();
    let done = 0;
    let seconds = 0;
    while (seconds < 0.5) {
      for (let text = 0; text < 50; text += 1) await judge(rows[next++ % rows.length]!.text);
      done += 50;
      const { user, system } = process.cpuUsage(before);
      seconds = (user + system) / 1e6;
    }
    rates.push(done / seconds);
  }
  return rates.slice(1).toSorted((a, b) => a - b)[2]!;
}
