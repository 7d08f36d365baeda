// Builds the stages of the pipeline from the configuration: the only place where services and their parts meet.
import { chain, type Follower } from '#core/chain.ts';
import type { DriftMetrics } from '#core/drift.ts';
import type { Stage } from '#core/stage.ts';
import type { DepartmentsConfig } from '../classify/departments.ts';
import { createClassify } from '../classify/stage.ts';
import { createNormalizer } from '../normalize/draft.ts';
import { createLocate, readGazetteer } from '../normalize/gazetteer.ts';
import { createLanguageDetector } from '../normalize/language.ts';
import { createPseudonymizer, parsePseudonymKeys } from '../normalize/pseudonym.ts';
import { createRedactor } from '../normalize/redact.ts';
import { createNormalize } from '../normalize/stage.ts';
import { createPublish } from '../publish/stage.ts';
import { flows } from '../topology.ts';
import type { Config } from './config.ts';
import { fixedJudging, type LiveJudging } from './live-judging.ts';
import type { StageName } from './stage-names.ts';

/** What stages are built from; it can be handed to another thread. */
export interface StageParts {
  readonly config: Config;
  /** Those that `config` asks for, see `readDepartments`. */
  readonly departments: DepartmentsConfig;
  /** See `parsePseudonymKeys`; never logged. */
  readonly pseudonymKeys: string;
}

/**
 * The stages that `names` tell, to be run side by side in one thread. Where one reads what another writes they are also
 * chained (see `chain.ts`), unless the configuration says otherwise; by itself each then has only what copies that are
 * not chained left it.
 * @param judging what batches are judged and routed by; as the files are now, for good, where it is not given
 * @param drift is told what is judged and where it goes
 * @throws SignpostError when a file that the configuration names cannot be used
 */
export function buildStages(
  names: readonly StageName[],
  { config, departments, pseudonymKeys }: StageParts,
  judging: LiveJudging = fixedJudging(judgingParts(names, { config, departments })),
  drift?: DriftMetrics,
): readonly Stage<never>[] {
  const has = (name: StageName): boolean => names.includes(name);
  const normalize = has('normalize') ? builders.normalize(config, pseudonymKeys) : undefined;
  const classify = has('classify')
    ? createClassify(() => judging.current().judge!, drift)
    : undefined;
  const publish = has('publish')
    ? createPublish(() => judging.current().departments.departments, drift)
    : undefined;
  const { enabled, write } = config.fusion;
  const stages =
    !enabled || classify === undefined
      ? [normalize, classify, publish]
      : normalize !== undefined
        ? [
            chain(normalize, present<Follower>(classify, publish), unwritten(names, write)),
            classify,
            publish,
          ]
        : [chain(classify, present<Follower>(publish), unwritten(names, write)), publish];
  return present(...stages) as unknown as readonly Stage<never>[];
}

/** What the stages that `names` tell need of a judging. */
export function judgingParts(
  names: readonly StageName[],
  { config, departments }: Pick<StageParts, 'config' | 'departments'>,
) {
  return {
    classify: config.classify,
    departments,
    judges: names.includes('classify'),
    routes: names.includes('publish'),
  };
}

function present<T>(...parts: readonly (T | undefined)[]): readonly T[] {
  return parts.filter((part) => part !== undefined);
}

/**
 * Topics that nobody reads but these stages, without those to be written all the same. The archive keeps what is written:
 * whoever asks for less has less in it.
 */
function unwritten(names: readonly string[], write: readonly string[]): ReadonlySet<string> {
  const readers = (topic: string): readonly string[] =>
    flows
      .filter(({ kind, reads }) => kind !== 'delivery' && reads.includes(topic))
      .map(({ name }) => name);
  const between = flows
    .filter(({ name }) => names.includes(name))
    .flatMap(({ writes }) => writes)
    .filter(
      (topic) => readers(topic).length > 0 && readers(topic).every((name) => names.includes(name)),
    );
  return new Set(between.filter((topic) => !write.includes(topic)));
}

const builders = {
  normalize({ normalize }: Config, pseudonymKeys: string) {
    const { phoneRegion, languages, gazetteer, gazetteerColumns } = normalize;
    const language = createLanguageDetector({ expected: languages });
    // Loads what it reads with, so that the first record need not wait for it.
    language('ready');
    return createNormalize(
      createNormalizer({
        redact: createRedactor({ region: phoneRegion }),
        pseudonym: createPseudonymizer(parsePseudonymKeys(pseudonymKeys)),
        language,
        locate: createLocate(
          gazetteer === undefined ? [] : readGazetteer(gazetteer, gazetteerColumns),
        ),
      }),
    );
  },
};
