// The shell around every page: rail, top bar, the page, and what floats above.
import type { ComponentType } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAddress } from '../address/use-address.ts';
import { needKey } from '../api/key.ts';
import { useSession } from '../api/session.tsx';
import { Failed, Skeleton } from '../show/states.tsx';
import { KeyDialog } from './key-dialog.tsx';
import { Keys } from './keys.tsx';
import { loadPage, pageOf, pages } from './pages.ts';
import { Palette } from './palette.tsx';
import { Rail } from './rail.tsx';
import { Toasts } from './toast.tsx';
import { TopBar } from './top-bar.tsx';

export function App() {
  const { path } = useAddress();
  const main = useRef<HTMLElement>(null);
  const page = pageOf(path);
  const title = pages.find((each) => each.path === page)?.title ?? 'No such page';
  const before = useRef(path);
  useEffect(() => {
    document.title = `${title} · Signpost`;
    // Not at the first page: there the browser's own place in the document is right.
    if (before.current !== path) main.current?.focus();
    before.current = path;
  }, [path, title]);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Rail path={page} />
      <TopBar />
      <main id="main" class="main" tabIndex={-1} ref={main}>
        <PageAt path={page} />
      </main>
      <Keys />
      <Palette />
      <KeyDialog />
      <Toasts />
    </div>
  );
}

type Loaded = { path: string; page: ComponentType | 'none' | 'failed' };

function PageAt({ path }: { path: string }) {
  const { facets } = useSession();
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  useEffect(() => {
    let isWanted = true;
    const become = (page: Loaded['page']): void => {
      if (isWanted) setLoaded({ path, page });
    };
    const loading = loadPage(path);
    if (loading === null) become('none');
    else loading.then(become, () => become('failed'));
    return () => {
      isWanted = false;
    };
  }, [path]);
  if (facets.problem !== null && facets.answer === null && facets.problem.status !== 401) {
    return <Failed problem={facets.problem} again={facets.again} />;
  }
  if (facets.problem?.status === 401 && facets.answer === null) return <KeyNeeded />;
  if (loaded?.path !== path) return <Loading path={path} />;
  if (loaded.page === 'none') return <NoSuchPage />;
  if (loaded.page === 'failed') return <Failed problem={notLoaded} again={reload} />;
  const Page = loaded.page;
  return <Page />;
}

function Loading({ path }: { path: string }) {
  return (
    <>
      <h1 class="unseen">{pages.find((page) => page.path === path)?.title ?? 'Page'}</h1>
      <Skeleton lines={6} />
    </>
  );
}

/** Behind the dialog, and once it was left. */
function KeyNeeded() {
  return (
    <>
      <h1>A key is needed to read here</h1>
      <p class="key-needed">
        <button type="button" class="button" onClick={needKey}>
          Sign in
        </button>
      </p>
    </>
  );
}

const notLoaded = {
  status: 0,
  code: 'page-not-loaded',
  message: 'This page could not be loaded.',
  hint: 'The server is away, or it was renewed meanwhile.',
};

function reload(): void {
  window.location.reload();
}

function NoSuchPage() {
  return (
    <>
      <h1>There is no such page</h1>
      {pages.map(({ path, title }) => (
        <p key={path}>
          <a href={path}>{title}</a>
        </p>
      ))}
    </>
  );
}
