// Which methods an address has, of all that is registered on a server: to tell a wrong method from a wrong address.
import type { RouteOptions } from 'fastify';

export interface KnownPaths {
  /** Told of every route as it is registered. */
  add(route: Pick<RouteOptions, 'url' | 'method'>): void;
  /** Methods allowed at a path, sorted; none where there is nothing. Wildcards, which take any path, do not count. */
  methodsAt(path: string): readonly string[];
}

export function createKnownPaths(): KnownPaths {
  const known = new Map<string, { readonly segments: readonly string[]; methods: Set<string> }>();
  return {
    add({ url, method }) {
      if (url.includes('*')) return;
      const here = known.get(url) ?? { segments: url.split('/'), methods: new Set<string>() };
      known.set(url, here);
      for (const one of [method].flat()) here.methods.add(one);
    },
    methodsAt(path) {
      const asked = path.split('/');
      const here = [...known.values()].filter(({ segments }) => matches(segments, asked));
      return [...new Set(here.flatMap(({ methods }) => [...methods]))].toSorted();
    },
  };
}

/** Parameters take one segment each, as the router has it. */
function matches(segments: readonly string[], asked: readonly string[]): boolean {
  return (
    segments.length === asked.length &&
    segments.every((segment, i) =>
      segment.startsWith(':') ? asked[i] !== '' : segment === asked[i],
    )
  );
}
