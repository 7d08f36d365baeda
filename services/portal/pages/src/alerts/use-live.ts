// An answer that is asked anew every few seconds while the page is seen: the browser sends the tag that it has, and the
// server answers 304 where nothing changed.
import { useEffect } from 'preact/hooks';
import type { Params } from '../api/get.ts';
import { useAnswer, type Asked } from '../api/use-answer.ts';

const everyMs = 4000;

export function useLive<T>(path: string | null, params: Params = {}): Asked<T> {
  const asked = useAnswer<T>(path, params);
  const { again } = asked;
  const isAsking = path !== null;
  useEffect(() => {
    if (!isAsking) return undefined;
    const ask = (): void => {
      if (!document.hidden) again();
    };
    const timer = window.setInterval(ask, everyMs);
    document.addEventListener('visibilitychange', ask);
    return () => {
      window.clearInterval(timer);
      document.removeEventListener('visibilitychange', ask);
    };
  }, [isAsking, again]);
  return asked;
}
