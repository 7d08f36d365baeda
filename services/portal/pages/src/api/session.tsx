// Who reads and what there is to ask for, asked once for all pages.
import { createContext, type ComponentChildren } from 'preact';
import { useContext, useEffect, useMemo } from 'preact/hooks';
import type { FacetsAnswer, MeAnswer } from '../../../api/answers.ts';
import { placeFilters } from '../address/place-key.ts';
import type { Address } from '../address/address.ts';
import { rangeAsked, type Range } from '../address/range.ts';
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

/** What can be asked before it is known what there is. */
function earlyRange({ query }: Address): Partial<Range> | null {
  if (query.has('from') || query.has('to')) return rangeAsked({ path: '', query }, null);
  return query.has('last') ? null : {};
}

/** Where the usual range is wholly within what there is, the API's own is the same: nothing is asked twice. */
function knownRange(address: Address, { range }: FacetsAnswer): Partial<Range> {
  const asked = rangeAsked(address, range);
  const isUsual = !['last', 'from', 'to'].some((name) => address.query.has(name));
  const isWhole = range !== null && asked.from !== undefined && asked.from > range.from;
  return isUsual && isWhole ? {} : asked;
}

/**
 * What every question asks by the address: time range, place and department.
 * @returns null until it is known what there is, where that decides: "the last 28 days" end with the newest signal.
 */
export function useScope(): Params | null {
  const address = useAddress();
  const { facets } = useSession();
  return useMemo(() => {
    const range = facets.answer === null ? earlyRange(address) : knownRange(address, facets.answer);
    if (range === null) return null;
    const { from, to } = range;
    const department = listIn(address.query.get('department'));
    return { from, to, ...placeFilters(address.query.get('place')), department };
  }, [address, facets.answer]);
}
