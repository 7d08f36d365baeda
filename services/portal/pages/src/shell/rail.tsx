// The pages, at the left; on narrow screens at the bottom.
import { elsewhere } from '../address/address.ts';
import { useAddress } from '../address/use-address.ts';
import { remove } from '../api/get.ts';
import { useSession } from '../api/session.tsx';
import { Icon } from './icon.tsx';
import { pages } from './pages.ts';
import { say } from './toast.tsx';

export function Rail({ path }: { path: string }) {
  const address = useAddress();
  const { me } = useSession();
  return (
    <nav class="rail" aria-label="Pages">
      <a class="brand" href={elsewhere(address, '/')} aria-label="Signpost, home">
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
          <path d="M15 3h3v5h8l4 4-4 4h-8v2H7l-4-4 4-4h8zM15 20h3v10h-3z" />
        </svg>
        <span>Signpost</span>
      </a>
      <ul>
        {pages.map((page) => (
          <li key={page.path}>
            <a
              href={elsewhere(address, page.path)}
              aria-current={page.path === path ? 'page' : undefined}
            >
              <Icon name={page.icon} />
              <span>{page.title}</span>
            </a>
          </li>
        ))}
      </ul>
      {me.answer?.needsKey === true && (
        <button type="button" class="quiet-button sign-out" onClick={() => void signOut()}>
          Sign out
        </button>
      )}
    </nav>
  );
}

/** The page is loaded anew, so that nothing of what was seen stays. */
async function signOut(): Promise<void> {
  const got = await remove('/v1/session');
  if (got.ok) window.location.reload();
  else say(`Not signed out: ${got.problem.message}`);
}
