// What the palette offers for what was typed: pages, themes, places, then insights that say the words. Pure but for the
// asking.
import { useEffect, useState } from 'preact/hooks';
import type { AggregatesAnswer, InsightsAnswer, Place } from '../../../api/answers.ts';
import type { AlertsAnswer } from '../../../alerts/answers.ts';
import { ask, open } from '../address/use-address.ts';
import { alertPath, placeTitleOf, stateTitle, themesTitle } from '../alerts/words.ts';
import { listText } from '../api/get.ts';
import { useSession } from '../api/session.tsx';
import { useAnswer } from '../api/use-answer.ts';
import { levelTitle, titleOf } from '../show/figures.ts';
import { pages } from './pages.ts';

export interface Item {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly detail: string;
  readonly choose: () => void;
}

const mostOfAGroup = 8;

/** Pages, themes, places and alerts that have what was typed, those that begin with it first; insights that say it. */
export function useItems(typed: string, only: 'all' | 'places'): readonly Item[] {
  const { facets } = useSession();
  const places = usePlaces();
  const insights = useInsights(only === 'all' ? typed : '');
  const themes = facets.answer?.themes ?? [];
  const alerts = useAlerts(only === 'all');
  const named = only === 'places' ? [] : [...pageItems(), ...alerts, ...themeItems(themes)];
  return [...found(typed, [...named, ...places]), ...insights];
}

function pageItems(): readonly Item[] {
  return pages.map(({ path, title, key }) => ({
    id: `page ${path}`,
    group: 'Pages',
    title,
    detail: `g ${key}`,
    choose: () => open(path),
  }));
}

/** The latest, those that are over too. */
function useAlerts(isWanted: boolean): readonly Item[] {
  const asked = useAnswer<AlertsAnswer>(isWanted ? '/v1/alerts' : null, { limit: 30 });
  return (asked.answer?.alerts ?? []).map((alert) => ({
    id: `alert ${alert.id}`,
    group: 'Alerts',
    title: `${themesTitle(alert.themes)}, ${placeTitleOf(alert)}`,
    detail: stateTitle(alert.state),
    choose: () => open(alertPath(alert.id)),
  }));
}

function themeItems(themes: readonly string[]): readonly Item[] {
  return themes.map((theme) => ({
    id: `theme ${theme}`,
    group: 'Themes',
    title: titleOf(theme),
    detail: 'on the map',
    choose: () => open('/map', { theme: listText([theme]) }),
  }));
}

/** Places that signals name, by level: those with most tickets. Asked once the palette is open. */
function usePlaces(): readonly Item[] {
  return [
    usePlacesOf('country'),
    usePlacesOf('region'),
    usePlacesOf('city'),
    usePlacesOf('area'),
    usePlacesOf('postcode'),
  ].flat();
}

function usePlacesOf(level: string): readonly Item[] {
  const known = useSession().facets.answer?.levels ?? [];
  const hasSome = known.some((each) => each.level === level && each.places > 0);
  const asked = useAnswer<AggregatesAnswer>(hasSome ? '/v1/aggregates' : null, {
    groupBy: level,
    order: '-opened',
    limit: 2000,
  });
  return (asked.answer?.rows ?? []).flatMap(({ place }) =>
    place === null ? [] : [placeItem(place)],
  );
}

function placeItem({ key, name, level, within }: Place): Item {
  return {
    id: `place ${key}`,
    group: 'Places',
    title: name,
    detail: [levelTitle(level), ...within.toReversed()].join(', '),
    choose: () => ask({ place: key }),
  };
}

function useInsights(typed: string): readonly Item[] {
  const words = useLater(typed.trim());
  const asked = useAnswer<InsightsAnswer>(words.length < 3 ? null : '/v1/insights', {
    q: words,
    limit: 6,
  });
  return (asked.answer?.insights ?? []).map(({ id, text, kind, at, theme }) => ({
    id: `insight ${id}`,
    group: 'Insights',
    title: text ?? titleOf(theme),
    detail: `${titleOf(kind)}, ${at.slice(0, 10)}`,
    choose: () => open('/streams', { q: words, insight: id }),
  }));
}

function found(typed: string, items: readonly Item[]): readonly Item[] {
  const wanted = typed.trim().toLowerCase();
  const counts = new Map<string, number>();
  return items
    .map((item) => ({ item, rank: rankOf(item.title.toLowerCase(), wanted) }))
    .filter(({ rank }) => rank > 0)
    .toSorted((a, b) => b.rank - a.rank)
    .filter(({ item }) => {
      const count = (counts.get(item.group) ?? 0) + 1;
      counts.set(item.group, count);
      return count <= mostOfAGroup;
    })
    .map(({ item }) => item)
    .toSorted((a, b) => groupOrder(a) - groupOrder(b));
}

const groups = ['Pages', 'Themes', 'Places', 'Alerts'];

function groupOrder({ group }: Item): number {
  return groups.indexOf(group);
}

function rankOf(title: string, wanted: string): number {
  if (wanted === '') return 1;
  if (title === wanted) return 4;
  if (title.startsWith(wanted)) return 3;
  if (title.includes(` ${wanted}`)) return 2;
  return title.includes(wanted) ? 1 : 0;
}

/** The text once it has stood for a moment: not every letter is a question. */
function useLater(text: string, waitMs = 200): string {
  const [later, setLater] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setLater(text), waitMs);
    return () => window.clearTimeout(timer);
  }, [text, waitMs]);
  return later;
}
