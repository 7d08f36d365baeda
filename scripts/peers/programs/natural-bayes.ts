// natural's BayesClassifier, as its guide shows it: English stems, one text at a time.
import { runPeer, requirePeer, type Chooser } from './program.ts';

interface BayesClassifier {
  addDocument(text: string, label: string): void;
  train(): void;
  getClassifications(text: string): readonly { readonly label: string; readonly value: number }[];
}
interface Natural {
  readonly BayesClassifier: (new () => BayesClassifier) & {
    restore(saved: unknown): BayesClassifier;
  };
}

const { BayesClassifier: Bayes } = requirePeer('natural') as Natural;

await runPeer({
  scoreKind: 'probability',
  way: 'one at a time',
  create: () => choose(new Bayes()),
  restore: (saved) => choose(Bayes.restore(saved)),
});

function choose(bayes: BayesClassifier): Chooser {
  return {
    async train(examples) {
      for (const [text, label] of examples) bayes.addDocument(text, label);
      bayes.train();
    },
    judge(text) {
      const values = bayes.getClassifications(text);
      // Joint probabilities become those of the labels; long texts may have driven all of them to 0.
      const sum = values.reduce((total, { value }) => total + value, 0);
      return Object.fromEntries(values.map(({ label, value }) => [label, value / (sum || 1)]));
    },
    toJSON: () => bayes,
  };
}
