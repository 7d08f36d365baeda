// What the list shows, by the address: asked again and again, with what is new held back until it is wanted.
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AlertsAnswer } from '../../../alerts/answers.ts';
import { useAddress } from '../address/use-address.ts';
import { addressOf, get, listIn, type Params, type Problem } from '../api/get.ts';
import { useScope } from '../api/session.tsx';
import { begun, continued, heardSince, type LiveList } from './live-list.ts';
import { useLive } from './use-live.ts';

export interface AlertList {
  /** Null until the first answer. */
  readonly list: LiveList | null;
  readonly answer: AlertsAnswer | null;
  readonly problem: Problem | null;
  readonly again: () => void;
  readonly showNew: () => void;
  readonly hasOlder: boolean;
  readonly loadOlder: () => void;
}

const standingStates = ['firing', 'reopened', 'acknowledged', 'suppressed'];

/** As the API has it: no end but one that somebody chose, since alerts begin after the newest day that was known. */
export function useAlertParams(): Params | null {
  const { query } = useAddress();
  const scope = useScope();
  return useMemo(() => {
    if (scope === null) return null;
    const place = query.get('place') ?? '';
    return {
      from: scope['from'],
      to: query.get('to') === null ? undefined : scope['to'],
      department: scope['department'],
      place: place.startsWith('h3-') ? undefined : place,
      theme: listIn(query.get('theme')),
    };
  }, [scope, query]);
}

export function useAlertList(): AlertList {
  const params = useAlertParams();
  const path = params === null ? null : '/v1/alerts';
  const standing = useLive<AlertsAnswer>(path, { ...params, state: standingStates, limit: 200 });
  const over = useLive<AlertsAnswer>(path, { ...params, state: ['resolved'], limit: 50 });
  const question = params === null ? '' : addressOf('', params);
  const [shown, setShown] = useState<{ question: string; list: LiveList } | null>(null);
  const [older, setOlder] = useState<{ question: string; next: string | null } | null>(null);
  const [failed, setFailed] = useState<Problem | null>(null);

  const isHeard = !standing.isLoading && !over.isLoading;
  const heard = useMemo(
    () =>
      standing.answer === null || over.answer === null || !isHeard
        ? null
        : { standing: standing.answer.alerts, over: over.answer.alerts },
    [standing.answer, over.answer, isHeard],
  );
  useEffect(() => {
    if (heard === null) return;
    setShown((was) => ({
      question,
      list: was?.question === question ? heardSince(was.list, heard) : begun(heard),
    }));
  }, [heard, question]);

  const next = older?.question === question ? older.next : (over.answer?.next ?? null);
  async function load(cursor: string): Promise<void> {
    const asked = { ...params, state: ['resolved'], limit: 50, cursor };
    const got = await get<AlertsAnswer>(addressOf('/v1/alerts', asked));
    setFailed(got.ok ? null : got.problem);
    if (!got.ok) return;
    setOlder({ question, next: got.answer.next });
    setShown((was) =>
      was?.question === question ? { question, list: continued(was.list, got.answer.alerts) } : was,
    );
  }
  return {
    list: shown?.list ?? null,
    answer: standing.answer,
    problem: standing.problem ?? over.problem ?? failed,
    again: () => {
      standing.again();
      over.again();
    },
    showNew: () => {
      if (heard === null) return;
      setOlder(null);
      setShown({ question, list: begun(heard) });
    },
    hasOlder: next !== null,
    loadOlder: () => {
      if (next !== null) void load(next);
    },
  };
}
