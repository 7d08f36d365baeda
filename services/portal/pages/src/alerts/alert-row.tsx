// One alert in the list: its state, what and where, and in one grey line how many, how sure and since when.
import type { AlertRow } from '../../../alerts/answers.ts';
import { elsewhere } from '../address/address.ts';
import { useAddress } from '../address/use-address.ts';
import { Department } from '../show/department-mark.tsx';
import { countText, intervalText } from '../show/figures.ts';
import { Moment } from '../show/moment.tsx';
import {
  aboutText,
  alertPath,
  isFiring,
  lastedText,
  placeTitleOf,
  stateTitle,
  themesTitle,
  usualText,
} from './words.ts';

export function AlertRows({ alerts }: { alerts: readonly AlertRow[] }) {
  return (
    <ol class="alert-rows">
      {alerts.map((alert) => (
        <li key={alert.id} class="alert-row" data-alert={alert.id}>
          <Row alert={alert} />
        </li>
      ))}
    </ol>
  );
}

function Row({ alert }: { alert: AlertRow }) {
  const address = useAddress();
  return (
    <>
      <StateMark state={alert.state} by={alert.acknowledgedBy} />
      <a class="alert-link" href={elsewhere(address, alertPath(alert.id))}>
        <bdi>{themesTitle(alert.themes)}</bdi>
        <span class="alert-place">
          {' '}
          <bdi>{placeTitleOf(alert)}</bdi>
        </span>
      </a>
      <p class="alert-figures quiet">
        <span>
          <strong>{countText(alert.customers)}</strong>{' '}
          {alert.customers === 1 ? 'customer' : 'customers'}, {usualText(alert.expected)}
        </span>
        <span title="Estimated from how few of the customers affected say so; 95 % interval">
          about {aboutText(alert.affected.value)} affected,{' '}
          {intervalText(alert.affected, aboutText)}
        </span>
        <When alert={alert} />
        {alert.isPast && <span title="Nobody was told of it">found in history</span>}
        {alert.heldBy.length > 0 && (
          <span title={`Silent: ${alert.heldBy.join(', ')}. No data is not recovery.`}>
            held open by a silent source
          </span>
        )}
      </p>
      <p class="alert-departments">
        {alert.departments.map((department) => (
          <Department key={department} department={department} />
        ))}
      </p>
    </>
  );
}

function When({ alert: { startedAt, resolvedAt } }: { alert: AlertRow }) {
  if (resolvedAt === null) {
    return (
      <span>
        began <Moment at={startedAt} />
      </span>
    );
  }
  return (
    <span>
      <Moment at={startedAt} />, lasted {lastedText(Date.parse(resolvedAt) - Date.parse(startedAt))}
    </span>
  );
}

/** A mark of its own shape for each state, so that its colour is not needed. */
export function StateMark({ state, by }: { state: AlertRow['state']; by?: string | null }) {
  const who = state === 'acknowledged' && by != null ? `: ${by}` : '';
  return (
    <span class={`alert-state ${isFiring(state) ? 'is-firing' : ''}`}>
      <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
        {isFiring(state) && <circle cx="6" cy="6" r="5" class="full" />}
        {state === 'acknowledged' && (
          <>
            <circle cx="6" cy="6" r="4.5" />
            <circle cx="6" cy="6" r="1.5" class="full" />
          </>
        )}
        {state === 'suppressed' && <path d="M2 6h8M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z" />}
        {state === 'resolved' && <path d="M2 6.5 5 9.5 10 3" />}
      </svg>
      <bdi>
        {stateTitle(state)}
        {who}
      </bdi>
    </span>
  );
}
