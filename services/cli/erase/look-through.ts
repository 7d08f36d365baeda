// What a pass and a dry run look through alike: the archive's files, and the topics.
import { eraseFiles, type ErasedFiles, type EraseMemory } from '../../archive/erase-files.ts';
import type { Erased, TopicHolding } from '../../archive/erasures.ts';
import type { LetterJudge } from './letters.ts';
import type { PassLog, PassParts } from './pass-parts.ts';
import { scanTopics } from './scan-topics.ts';

export async function lookThroughFiles(
  parts: PassParts,
  erased: Erased,
  judge: LetterJudge | undefined,
  memory: EraseMemory,
  mode: 'erase' | 'look',
): Promise<ErasedFiles> {
  const { objects: store, format, now, graceMs, signal, onProgress } = parts;
  let files = 0;
  return eraseFiles({
    store,
    format,
    erased,
    letterTaken: judge && ((letter) => judge.letter(letter)),
    now,
    graceMs,
    mode,
    memory,
    signal,
    onFile: () => onProgress?.(`${(files += 1)} files of the archive`, 1 - 1 / (1 + files / 50)),
  });
}

export function lookThroughTopics(
  { signal, onProgress }: PassParts,
  log: PassLog,
  erased: Erased,
  judge: LetterJudge | undefined,
  { own }: ErasedFiles,
): Promise<ReadonlyMap<string, readonly TopicHolding[]>> {
  const onRead = (share: number): void => onProgress?.('topics', share);
  return scanTopics({ ...log, erased, judge, signal, onRead }, own);
}
