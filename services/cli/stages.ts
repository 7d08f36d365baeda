// Builds the stages of the pipeline from the configuration: the only place where services and their parts meet.
import type { CountryCode } from 'libphonenumber-js/max';
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
import { openJudge } from './judgement.ts';

/** @param pseudonymKeys see `parsePseudonymKeys`; never logged. */
export function buildStages(config: Config, pseudonymKeys: string): readonly Stage<never>[] {
  const { phoneRegion, languages, gazetteer } = config.normalize;
  const { judge, departments } = openJudge(config.classify);
  const normalizer = createNormalizer({
    redact: createRedactor({ region: phoneRegion as CountryCode }),
    pseudonym: createPseudonymizer(parsePseudonymKeys(pseudonymKeys)),
    language: createLanguageDetector({ expected: languages }),
    locate: createLocate(gazetteer === undefined ? [] : readGazetteer(gazetteer)),
  });
  return [createNormalize(normalizer), createClassify(judge), createPublish(departments)] as unknown as Stage<never>[];
}
