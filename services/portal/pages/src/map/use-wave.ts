// The wave that is picked: what it would answer of the tickets shown, and whether this level can show it.
import type { WaveAnswer, WavesAnswer } from '../../../api/answers.ts';
import type { Problem } from '../api/get.ts';
import { useScope } from '../api/session.tsx';
import { useAnswer } from '../api/use-answer.ts';
import type { MapState } from './map-state.ts';

export interface WaveShown {
  /** Null while none is picked or it is not known yet. */
  readonly answer: WaveAnswer | null;
  /** One is picked that no plan has. */
  readonly isNone: boolean;
  readonly problem: Problem | null;
  /** Waves are of areas, so that areas and sites show which are of it. */
  readonly isShown: boolean;
}

export function useWave({ wave, themes, level }: MapState): WaveShown {
  const scope = useScope();
  const asked = useAnswer<WavesAnswer>(wave === null || scope === null ? null : '/v1/waves', {
    ...scope,
    theme: themes,
  });
  const answer = asked.answer?.waves.find((each) => each.wave === wave) ?? null;
  return {
    answer,
    isNone: wave !== null && asked.answer !== null && answer === null,
    problem: asked.problem,
    isShown: level === 'area' || level === 'site',
  };
}
