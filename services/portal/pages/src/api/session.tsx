// Who reads and what there is to ask for, asked once for all pages.
import { createContext, type ComponentChildren } from 'preact';
import { useContext, useEffect, useMemo } from 'preact/hooks';
import type { FacetsAnswer, MeAnswer } from '../../../api/answers.ts';
import { placeFilters } from '../address/place-key.ts';
import { rangeAsked } from '../address/range.ts';
import { useAddress } from '../address/use-address.ts';
import { listIn, type Params } from './get.ts';
import { useAnswer, type Asked } from './use-answer.ts';

interface Session {
  readonly me: Asked<MeAnswer>;
  readonly facets: Asked<FacetsAnswer>;
}

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ children }: { children: ComponentChildren }) {
  const me = useAnswer<MeAnswer>('/v1/me');
  const facets = useAnswer<FacetsAnswer>('/v1/facets');
  useFresh(facets);
  const session = useMemo(() => ({ me, facets }), [me, facets]);
  return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}

/** Nothing moves while somebody reads; who comes back to the page, or waits for the first signal, sees what is new. */
function useFresh({ answer, again }: Asked<FacetsAnswer>): void {
  const isEmpty = answer !== null && answer.range === null;
  useEffect(() => {
    let lastMs = Date.now();
    const refresh = (): void => {
      if (document.hidden || Date.now() - lastMs < staleAfterMs) return;
      lastMs = Date.now();
      again();
    };
    document.addEventListener('visibilitychange', refresh);
    const timer = isEmpty ? window.setInterval(again, emptyAgainMs) : undefined;
    return () => {
      document.removeEventListener('visibilitychange', refresh);
      window.clearInterval(timer);
    };
  }, [isEmpty, again]);
}

const staleAfterMs = 60_000;
const emptyAgainMs = 5000;

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error('useSession outside of SessionProvider');
  return session;
}

/**
 * What every question asks by the address: time range, place and department.
 * @returns null until it is known what there is: "the last 28 days" end with the newest signal.
 */
export function useScope(): Params | null {
  const address = useAddress();
  const { facets } = useSession();
  return useMemo(() => {
    if (facets.answer === null) return null;
    const { from, to } = rangeAsked(address, facets.answer.range);
    const department = listIn(address.query.get('department'));
    return { from, to, ...placeFilters(address.query.get('place')), department };
  }, [address, facets.answer]);
}
