// The pages of the portal: a folder with a `page.tsx` each, loaded when it is opened.
import type { ComponentType } from 'preact';

export interface Page {
  readonly path: string;
  readonly title: string;
  /** Pressed after `g`. */
  readonly key: string;
  readonly icon: 'home' | 'streams' | 'map' | 'alerts';
}

const loaders = import.meta.glob<{ default: ComponentType }>('../*/page.tsx');

export const pages: readonly Page[] = (
  [
    { path: '/', title: 'Home', key: 'h', icon: 'home' },
    { path: '/streams', title: 'Streams', key: 's', icon: 'streams' },
    { path: '/map', title: 'Map', key: 'm', icon: 'map' },
    { path: '/alerts', title: 'Alerts', key: 'a', icon: 'alerts' },
  ] as const
).filter((page) => folderOf(page.path) in loaders);

/** The page that an address belongs to: what follows `/alerts/` is one alert. */
export function pageOf(path: string): string {
  return path.startsWith('/alerts/') ? '/alerts' : path;
}

/** Null where there is no such page. */
export function loadPage(path: string): Promise<ComponentType> | null {
  const load = loaders[folderOf(path)];
  return load === undefined ? null : load().then((module) => module.default);
}

function folderOf(path: string): string {
  return `../${path === '/' ? 'home' : path.slice(1)}/page.tsx`;
}
