// What of the address is ignored, in one line: a mistyped level is not taken for the one that is shown.
import { ignoredIn } from '../address/ignored.ts';
import { ask, useAddress } from '../address/use-address.ts';

/** @param allowed as `ignoredIn` has it */
export function IgnoredStrip({
  allowed,
}: {
  allowed?: Readonly<Record<string, readonly string[]>>;
}) {
  const ignored = ignoredIn(useAddress().query, allowed);
  if (ignored.length === 0) return null;
  return (
    <p class="strip">
      <span>
        The address asks for what there is not, which is ignored:{' '}
        {ignored.map(({ name, value }, at) => (
          <span key={name}>
            {at > 0 && ', '}
            {name} <bdi>{value}</bdi>
          </span>
        ))}
        .
      </span>
      <button
        type="button"
        class="quiet-button"
        onClick={() => ask(Object.fromEntries(ignored.map(({ name }) => [name, null])))}
      >
        Leave out
      </button>
    </p>
  );
}
