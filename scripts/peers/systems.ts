// The systems that are compared: how each is brought here, and the commands that train it and have it judge.
import { join } from 'node:path';
import type { ScoreKind } from './measures.ts';
import { peersPackages, peersPython } from './install.ts';
import type { PeerTask } from './tasks.ts';

/** One training and what comes of it: files in a folder of this system alone. */
export interface Job {
  readonly task: PeerTask;
  /** JSONL of texts with labels. */
  readonly train: string;
  readonly test: string;
  /** Where the model goes; other files of the model begin with the same name. */
  readonly model: string;
  /** JSONL, a line for each line of `test`, see `Prediction`. */
  readonly predictions: string;
}

/** What a system prints as JSON when it has judged; others of its fields are left aside. */
export interface JudgeReport {
  /** On one core, warm; by processor time, so that other work on the machine matters little. */
  readonly textsPerSecond: number;
  /** How texts were handed over when that was measured. */
  readonly way?: string;
  readonly scoreKind?: ScoreKind;
}

export interface System {
  readonly name: string;
  /** Brings what the commands need. @throws NotMeasured when it cannot be had. */
  prepare(): Promise<Commands>;
}

export interface Commands {
  train(job: Job): readonly string[];
  judge(job: Job): readonly string[];
}

const root = join(import.meta.dirname, '../..');
const node = join(root, 'bin/node');
const programs = join(import.meta.dirname, 'programs');

/** Every system, Signpost first; `signpost` is the command that stands for it. */
export function allSystems(signpost = [join(root, 'bin/signpost')]): readonly System[] {
  return [
    { name: 'signpost', prepare: async () => signpostCommands(signpost) },
    python('scikit-lr'),
    python('scikit-svc'),
    python('fasttext'),
    npm('natural-bayes'),
    npm('node-nlp'),
  ];
}

function signpostCommands(signpost: readonly string[]): Commands {
  return {
    train({ task, train, model }) {
      const outside = task.outOfScope === undefined ? [] : ['--out-of-scope', task.outOfScope];
      const what = ['--data', train, '--task', task.field, '--out', model, ...outside];
      return [...signpost, 'train', ...what];
    },
    judge({ task, test, model, predictions }) {
      const what = ['--model', model, '--data', test, '--task', task.field];
      return [...signpost, 'evaluate', ...what, '--predictions', predictions, '--json'];
    },
  };
}

function python(name: string): System {
  return {
    name,
    async prepare() {
      return programCommands([await peersPython(), join(programs, 'python_peers.py'), name]);
    },
  };
}

function npm(name: string): System {
  return {
    name,
    async prepare() {
      return programCommands([node, join(programs, `${name}.ts`), await peersPackages()]);
    },
  };
}

/** The command line that the programs in `programs/` share. */
function programCommands(program: readonly string[]): Commands {
  const common = ({ task: { field, kind }, model }: Job) => {
    return ['--field', field, '--kind', kind, '--model', model];
  };
  return {
    train: (job) => [...program, 'train', '--rows', job.train, ...common(job)],
    judge(job) {
      const files = ['--rows', job.test, '--predictions', job.predictions];
      return [...program, 'judge', ...files, ...common(job)];
    },
  };
}
