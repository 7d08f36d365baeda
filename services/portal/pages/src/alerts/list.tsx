// The list of alerts: what stands, what is silent, what is over. New ones wait to be asked for.
import { ask, useAddress } from '../address/use-address.ts';
import { listIn, listText } from '../api/get.ts';
import { useSession } from '../api/session.tsx';
import { countText, titleOf } from '../show/figures.ts';
import { Failed, Skeleton } from '../show/states.tsx';
import { AlertRows } from './alert-row.tsx';
import { DetectorNote, NoAlerts } from './detector-note.tsx';
import type { LiveList } from './live-list.ts';
import { Silences } from './silences.tsx';
import { useAlertList } from './use-alert-list.ts';
import { useListKeys } from './use-list-keys.ts';
import { isFiring } from './words.ts';

export function AlertList() {
  const { list, answer, problem, again, showNew, hasOlder, loadOlder } = useAlertList();
  useListKeys();
  const waiting = list?.waiting.length ?? 0;
  const isEmpty = list !== null && list.standing.length + list.over.length === 0;
  return (
    <div class="alerts">
      <header class="alerts-head">
        <h1>Alerts</h1>
        <span class="alerts-news" role="status">
          {waiting > 0 && (
            <button type="button" class="alerts-new" onClick={showNew}>
              {countText(waiting)} new
            </button>
          )}
        </span>
        <ThemeChoice />
      </header>
      {problem !== null && problem.status !== 401 && <Failed problem={problem} again={again} />}
      {list === null && problem === null && <Skeleton lines={8} />}
      {answer !== null && !isEmpty && <DetectorNote detector={answer.detector} />}
      {answer !== null && isEmpty && <NoAlerts detector={answer.detector} />}
      {list !== null && !isEmpty && <Now list={list} />}
      {answer !== null && <Silences maySilence={answer.may.silence} />}
      {list !== null && list.over.length > 0 && (
        <section aria-labelledby="alerts-over">
          <h2 id="alerts-over">Over</h2>
          <AlertRows alerts={list.over} />
          {hasOlder && (
            <button type="button" class="button" onClick={loadOlder}>
              Older
            </button>
          )}
        </section>
      )}
    </div>
  );
}

function Now({ list: { standing } }: { list: LiveList }) {
  const firing = standing.filter(({ state }) => isFiring(state)).length;
  return (
    <section aria-labelledby="alerts-now">
      <h2 id="alerts-now">
        Now
        {firing > 0 && <span class="firing-count">{countText(firing)} firing</span>}
      </h2>
      {standing.length === 0 ? (
        <p class="quiet alerts-none">Nothing stands out from what is usual.</p>
      ) : (
        <AlertRows alerts={standing} />
      )}
    </section>
  );
}

function ThemeChoice() {
  const { query } = useAddress();
  const known = useSession().facets.answer?.themes ?? [];
  const [chosen = ''] = listIn(query.get('theme'));
  const names = chosen === '' || known.includes(chosen) ? known : [chosen, ...known];
  return (
    <label class="theme-choice">
      <span class="unseen">Theme</span>
      <select
        value={chosen}
        onChange={({ currentTarget: { value } }) =>
          ask({ theme: value === '' ? null : listText([value]) })
        }
      >
        <option value="">All themes</option>
        {names.map((name) => (
          <option key={name} value={name}>
            {titleOf(name)}
          </option>
        ))}
      </select>
    </label>
  );
}
