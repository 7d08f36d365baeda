// What fires at present, above all else; nothing where nothing does.
import type { AlertsAnswer } from '../../../alerts/answers.ts';
import { AlertRows } from '../alerts/alert-row.tsx';
import { useLive } from '../alerts/use-live.ts';
import { elsewhere } from '../address/address.ts';
import { useAddress } from '../address/use-address.ts';
import { countText } from '../show/figures.ts';
import '../alerts/alerts.css';

const most = 5;

export function Firing() {
  const address = useAddress();
  const { answer } = useLive<AlertsAnswer>('/v1/alerts', {
    state: ['firing', 'reopened'],
    limit: most,
  });
  if (answer === null || answer.alerts.length === 0) return null;
  const { alerts, next } = answer;
  return (
    <section class="home-firing" aria-labelledby="firing-title">
      <h2 id="firing-title">
        {next === null ? countText(alerts.length) : `More than ${most}`} firing
      </h2>
      <AlertRows alerts={alerts} />
      <p>
        <a href={elsewhere(address, '/alerts')}>All alerts</a>
      </p>
    </section>
  );
}
