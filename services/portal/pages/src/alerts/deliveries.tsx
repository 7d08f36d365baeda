// What went out to whom: the latest of each target first seen, all of them behind it.
import type { AlertAnswer } from '../../../alerts/answers.ts';
import { Moment, useNow } from '../show/moment.tsx';
import { deliveryTitle, stateTitle } from './words.ts';

type Delivery = AlertAnswer['deliveries'][number];

export function Deliveries({
  deliveries,
  isPast,
}: {
  deliveries: readonly Delivery[];
  isPast: boolean;
}) {
  return (
    <section aria-labelledby="deliveries-title">
      <h2 id="deliveries-title">What went out to whom</h2>
      {deliveries.length === 0 ? (
        <p class="quiet">
          {isPast
            ? 'Nothing: it was found in history, and nobody is told of what is over.'
            : 'Nothing: no target of alerts.targets in the configuration takes it.'}
        </p>
      ) : (
        <div class="table-scroll">
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Target</th>
                <th scope="col">Told</th>
                <th scope="col">What became of it</th>
              </tr>
            </thead>
            <tbody>
              {deliveries.toReversed().map((delivery) => (
                <tr key={`${delivery.transition} ${delivery.target} ${delivery.repeat}`}>
                  <th scope="row">
                    <bdi>{delivery.target}</bdi>
                  </th>
                  <td>
                    {stateTitle(delivery.state)}
                    {delivery.repeat > 0 && <span class="quiet">, again</span>}
                  </td>
                  <td>
                    <Became delivery={delivery} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Became({ delivery }: { delivery: Delivery }) {
  const { delivery: state, attempts, deliveredAt, nextAt, lastError } = delivery;
  return (
    <>
      {deliveryTitle(state)}
      {deliveredAt !== null && (
        <>
          {' '}
          <Moment at={deliveredAt} />
        </>
      )}
      {nextAt !== null && attempts > 0 && <NextAttempt at={nextAt} />}
      {state !== 'delivered' && lastError !== null && (
        <span class="quiet">
          {' '}
          <bdi>{lastError}</bdi>
        </span>
      )}
      {attempts > 1 && <span class="quiet">, {attempts} attempts</span>}
    </>
  );
}

function NextAttempt({ at }: { at: string }) {
  const now = useNow();
  if (Date.parse(at) <= now) return <>, tried again now</>;
  return (
    <>
      , tried again <Moment at={at} />
    </>
  );
}
