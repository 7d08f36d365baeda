// Builds the stages of the pipeline from the configuration: the only place where services and their parts meet.
import type { Stage } from '#core/stage.ts';
import { createClassify } from '../classify/stage.ts';
import { createNormalizer } from '../normalize/draft.ts';
import { createLocate, readGazetteer } from '../normalize/gazetteer.ts';
import { createLanguageDetector } from '../normalize/language.ts';
import { createPseudonymizer, parsePseudonymKeys } from '../normalize/pseudonym.ts';
import { createRedactor } from '../normalize/redact.ts';
import { createNormalize } from '../normalize/stage.ts';
import { createPublish } from '../publish/stage.ts';
import type { Config } from './config.ts';
import { departmentsOf, openJudge } from './judgement.ts';

export const stageNames = ['normalize', 'classify', 'publish'] as const;
export type StageName = (typeof stageNames)[number];

/**
 * @param pseudonymKeys see `parsePseudonymKeys`; never logged
 * @throws SignpostError when a file that the configuration names cannot be used
 */
export function buildStage(name: StageName, config: Config, pseudonymKeys: string): Stage<never> {
  return builders[name](config, pseudonymKeys) as unknown as Stage<never>;
}

const builders = {
  normalize({ normalize: { phoneRegion, languages, gazetteer } }: Config, pseudonymKeys: string) {
    const language = createLanguageDetector({ expected: languages });
    // Loads what it reads with, so that the first record need not wait for it.
    language('ready');
    return createNormalize(
      createNormalizer({
        redact: createRedactor({ region: phoneRegion }),
        pseudonym: createPseudonymizer(parsePseudonymKeys(pseudonymKeys)),
        language,
        locate: createLocate(gazetteer === undefined ? [] : readGazetteer(gazetteer)),
      }),
    );
  },
  classify: ({ classify }: Config) => createClassify(openJudge(classify).judge),
  publish: ({ classify }: Config) => createPublish(departmentsOf(classify)),
};

/**
 * Which stages each of `threads` threads runs. What normalize and classify load is large, so two threads share the work
 * by stage; further ones are copies, sharing partitions as copies of a service would.
 */
export function stagesByThread(threads: number): readonly (readonly StageName[])[] {
  if (threads === 1) return [stageNames];
  return Array.from({ length: threads }, (_, i) =>
    i % 2 === 0 ? ['normalize'] : ['classify', 'publish'],
  );
}
