// node-nlp's NlpManager for English, only its classifier: entities and sentiment are not asked for, which is quicker.
import { runPeer, requirePeer, type Chooser } from './program.ts';

interface Manager {
  addDocument(locale: string, text: string, intent: string): void;
  train(): Promise<void>;
  classify(
    locale: string,
    text: string,
  ): Promise<{ readonly classifications: readonly { intent: string; score: number }[] }>;
  toObj(): unknown;
  fromObj(saved: unknown): void;
}
interface NodeNlp {
  readonly NlpManager: new (settings: object) => Manager;
}

const { NlpManager } = requirePeer('node-nlp') as NodeNlp;
const settings = {
  languages: ['en'],
  forceNER: false,
  autoSave: false,
  autoLoad: false,
  nlu: { log: false },
};

await runPeer({
  scoreKind: 'probability',
  way: 'one at a time',
  create: () => choose(new NlpManager(settings)),
  restore(saved) {
    const manager = new NlpManager(settings);
    manager.fromObj(saved);
    return choose(manager);
  },
});

function choose(manager: Manager): Chooser {
  return {
    async train(examples) {
      for (const [text, label] of examples) manager.addDocument('en', text, label);
      await manager.train();
    },
    async judge(text) {
      const { classifications } = await manager.classify('en', text);
      return Object.fromEntries(classifications.map(({ intent, score }) => [intent, score]));
    },
    toJSON: () => manager.toObj(),
  };
}
