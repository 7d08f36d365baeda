// A department's reader sees no other department's rows: asked of every address of the API, with every filter, in every
// format and in the live feed, and compared with what the log says that the department received.
import { beforeAll, describe, expect, test } from 'vitest';
import type { Insight } from '#schemas/insight.ts';
import type {
  AggregatesAnswer,
  InsightAnswer,
  OverviewAnswer,
  PlaceAnswer,
  WavesAnswer,
} from '../../services/portal/api/answers.ts';
import { answer, ask, everyPage, listen, type Asking } from '../support/portal-api.ts';
import { always, departments, sender, type Portal } from '../support/portal-served.ts';

/** Words of tickets that planning alone receives, or planning and operations; billing none of them. */
export const wordsOfOthers = [
  'kitchen',
  'valley',
  'tower',
  'church',
  'competitor',
  'outage',
  'crashes',
  'rude',
];
export const ownWord = 'charged';

const all = always;
let portal: Portal;
let billing: Asking;
let received: readonly Insight[];

/** @param served a provider's portal with the keys `billing`, a reader's, and `planner` */
export function describeApiForDepartments(served: () => Portal): void {
  beforeAll(async () => {
    portal = served();
    billing = { url: portal.url, key: portal.keys['billing'] };
    received = await portal.stream('billing');
  });
  describe("billing's reader", () => {
    test('has something to see, and others have more', async () => {
      expect(received.length).toBeGreaterThan(20);
      expect((await portal.stream('shared')).length).toBeGreaterThan(received.length * 5);
    });

    test('sees exactly the insights of its stream', async () => {
      const insights = await everyPage<InsightAnswer>(
        billing,
        `/v1/insights?${all}&limit=7`,
        'insights',
      );
      expect(insights.map(({ id }) => id).toSorted()).toEqual(
        received.map(({ id }) => id).toSorted(),
      );
      for (const { text } of insights) expect(text).toContain(ownWord);
    });

    test.each(departments.filter((name) => name !== 'billing'))(
      'is told that its key does not read %s',
      async (name) => {
        for (const path of ['insights', 'aggregates', 'areas/rank', 'waves']) {
          const { status, text } = await ask(billing, `/v1/${path}?${all}&department=${name}`);
          expect({ path, status }).toEqual({ path, status: 400 });
          expect(text).toContain('billing');
        }
        expect((await ask(billing, `/v1/streams/${name}`)).status).toBe(403);
      },
    );

    test.each([
      'theme=coverage',
      'theme=outage',
      'q=coverage',
      'q=valley OR charged',
      'q=-charged',
      'kind=post',
    ])('finds no insight of others by %s', async (filter) => {
      const insights = await everyPage<InsightAnswer>(
        billing,
        `/v1/insights?${all}&${filter}`,
        'insights',
      );
      const own = new Set(received.map(({ id }) => id));
      expect(insights.filter(({ id }) => !own.has(id))).toEqual([]);
      expect(JSON.stringify(insights)).not.toMatch(new RegExp(wordsOfOthers.join('|'), 'i'));
    });

    test.each([
      ['', true],
      ['&groupBy=kind', true],
      // Here small counts are suppressed.
      ['&groupBy=department', false],
      ['&groupBy=theme', false],
      ['&groupBy=area', false],
    ])('counts its own tickets alone in aggregates%s', async (grouped, isWhole) => {
      const path = `/v1/aggregates?${all}${grouped}`;
      const planner = { url: portal.url, key: portal.keys['planner'] };
      const { rows } = await answer<AggregatesAnswer>(billing, path);
      const own = rows.reduce((sum, { opened }) => sum + (opened ?? 0), 0);
      expect(own).toBeLessThanOrEqual(received.length);
      expect(own).toBeGreaterThanOrEqual(isWhole ? received.length : 0);
      const everything = (await answer<AggregatesAnswer>(planner, path)).rows;
      const total = everything.reduce((sum, { opened }) => sum + (opened ?? 0), 0);
      expect(total).toBeGreaterThan(received.length * 5);
    });

    test('gets no count of other departments when it groups by department', async () => {
      const { rows } = await answer<AggregatesAnswer>(
        billing,
        `/v1/aggregates?${all}&groupBy=department`,
      );
      expect(rows.map(({ department }) => department)).toEqual(['billing']);
    });

    test('reads in an area and of a wave what it received there, and no words of others', async () => {
      const insights = await everyPage<InsightAnswer>(billing, `/v1/insights?${all}`, 'insights');
      expect(insights.length).toBeGreaterThan(0);
      const ranked = await answer<{ places: { place: { key: string; name: string } }[] }>(
        billing,
        `/v1/areas/rank?${all}`,
      );
      const place = ranked.places.find((one) => one.place.name === 'San Perdido')!.place;
      const area = await answer<PlaceAnswer>(
        billing,
        `/v1/areas/${encodeURIComponent(place.key)}?${all}`,
      );
      const there = received.filter(({ signal }) => signal.place.area === 'San Perdido');
      expect(area.figures.opened).toBe(there.length);
      expect(area.verbatims.length).toBeGreaterThan(0);
      for (const { text } of area.verbatims) expect(text).toContain(ownWord);
      const { waves } = await answer<WavesAnswer>(billing, `/v1/waves?${all}`);
      for (const { answers } of waves) expect(answers.of ?? 0).toBeLessThanOrEqual(received.length);
    });

    test('is told of its own signals alone on the first page', async () => {
      const overview = await answer<OverviewAnswer>(billing, '/v1/overview');
      expect(overview.departments.map(({ department }) => department)).toEqual(['billing']);
      expect(overview.counts.week.tickets).toBeLessThanOrEqual(received.length);
      for (const { text } of overview.notable) expect(text).toContain(ownWord);
    });

    test('finds no words of others at any address of the API, in any format', async () => {
      const paths = await readableAddresses();
      expect(paths.length).toBeGreaterThan(7);
      for (const path of paths) {
        for (const accept of ['application/json', 'text/csv', 'application/geo+json']) {
          const { status, text } = await ask(billing, path, accept);
          const found = wordsOfOthers.filter((word) => text.includes(word));
          expect({ path, accept, found, broken: status >= 500 }).toEqual({
            path,
            accept,
            found: [],
            broken: false,
          });
        }
      }
    });

    test('hears no insight of others in the live feed', async () => {
      const paths = ['/v1/streams/billing', '/v1/streams/billing?theme=coverage,billing-error'];
      const heard = await Promise.all(paths.map((path) => listen(billing, path)));
      const occurredAt = new Date().toISOString();
      await portal.send('tickets', [
        { id: 'live-1', occurredAt, description: 'No signal in the kitchen, no coverage at all.' },
        { id: 'live-2', occurredAt, description: 'I was charged twice on my bill, please refund.' },
      ]);
      await expect
        .poll(() => heard.every((feed) => JSON.stringify(feed.heard).includes('charged twice')), {
          timeout: 10_000,
        })
        .toBe(true);
      for (const feed of heard) {
        expect(feed.status).toBe(200);
        expect(JSON.stringify(feed.heard)).not.toContain('kitchen');
        await feed.end();
      }
    });
  });

  describe('somebody', () => {
    test('without a key, with a wrong one or with one that only sends gets nothing', async () => {
      const right = portal.keys['planner']!;
      // Of an id that there is: the right key forgives failures of its own, or the eleventh would be answered 429.
      const wrong = `${right.slice(0, 'sp_000000000000_'.length)}${'x'.repeat(43)}`;
      for (const path of await readableAddresses()) {
        if (isOpen(path)) continue;
        const statuses: number[] = [];
        for (const key of [undefined, wrong, portal.keys[sender]])
          statuses.push((await ask({ url: portal.url, key }, path)).status);
        expect({ path, statuses }).toEqual({ path, statuses: [401, 401, 403] });
        const forgiven = await ask({ url: portal.url, key: right }, path);
        expect(forgiven.status).not.toBe(401);
      }
      const unknown = `sp_000000000000_${'x'.repeat(43)}`;
      expect((await ask({ url: portal.url, key: unknown }, '/v1/facets')).status).toBe(401);
    });
  });
}

/** Every GET of the served descriptions, with parameters that name something there is. */
async function readableAddresses(): Promise<string[]> {
  const documents = await Promise.all(
    ['/openapi.json', '/v1/openapi.json'].map((path) => ask(billing, path)),
  );
  const paths = documents
    .filter(({ status }) => status === 200)
    .flatMap(({ text }) => Object.entries((JSON.parse(text) as OpenApi).paths))
    .filter(([path, methods]) => 'get' in methods && !path.includes('stream'))
    .map(([path]) => path.replaceAll(/\{[^}]+\}/g, encodeURIComponent('area:Los Robles')));
  return [...new Set(paths)].map((path) =>
    path.includes('area-status') ? `${path}?area=Los%20Robles` : path,
  );
}

interface OpenApi {
  readonly paths: Readonly<Record<string, object>>;
}

function isOpen(path: string): boolean {
  return path.startsWith('/schemas') || path.startsWith('/subjects') || path.startsWith('/health');
}
