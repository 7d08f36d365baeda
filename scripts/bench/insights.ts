// Insights for benches: texts of the field knowledge as `classify` judges them, of two years over 5,000 areas.
import { readFileSync } from 'node:fs';
import type { Insight } from '#schemas/insight.ts';
import type { Signal } from '#schemas/signal.ts';
import { loadShippedDepartments } from '../../services/classify/departments-file.ts';
import { createJudge } from '../../services/classify/judge.ts';
import { loadShippedModel } from '../../services/classify/model.ts';
import { nothingSaid } from '../../services/classify/rules.ts';

const areas = 5000;
const start = Date.UTC(2024, 0, 1);
const twoYearsMs = 731 * 86_400_000;
const hourMs = 3_600_000;
const judgedTexts = 2000;
const technologies = ['5G', '4G', 'fiber', 'cable', null];
const severities = ['minor', 'major', 'critical', null];

/** @returns of a number of a thing and of its update (from 1) always the same insight: of ten, eight are tickets */
export function createBenchInsights(): (n: number, revision: number) => Insight {
  const judge = createJudge({ model: loadShippedModel(), departments: loadShippedDepartments() });
  const file = new URL('../../services/classify/knowledge/telecom.jsonl', import.meta.url);
  const texts = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .slice(0, judgedTexts)
    .map((line) => (JSON.parse(line) as { text: string }).text);
  const judged = texts.map((text) => {
    const { reading: _, ...found } = judge.judge({ ...nothingSaid, kind: 'post', text });
    return { text, found };
  });
  return (n, revision) => {
    const { text, found } = judged[n % judged.length]!;
    const signal = signalOf(n, revision, text);
    return {
      id: signal.id,
      signal,
      ...found,
      model: judge.version,
      unsure: null,
      sharedWith: null,
    };
  };
}

function signalOf(n: number, revision: number, text: string): Signal {
  const kind = n % 10 === 8 ? 'post' : n % 10 === 9 ? 'survey' : 'ticket';
  const area = scattered(n, 1) % areas;
  const openedAt = start + (scattered(n, 2) / 2 ** 32) * twoYearsMs;
  const occurredAt = Math.floor(openedAt + (revision - 1) * 7 * hourMs);
  const isResolved = revision > 1 && n % 3 !== 0;
  return {
    id: `bench-${n}-${revision}-abcdefghijk`,
    source: 'bench',
    sourceId: `T-${n}`,
    version: null,
    revision,
    kind,
    occurredAt,
    timePrecision: 'instant',
    receivedAt: occurredAt + 1000,
    customer: `k1:${scattered(n, 3) % 1_000_000}`,
    text,
    redactions: {},
    language: 'en',
    channel: 'web',
    product: null,
    technology: technologies[n % technologies.length]!,
    place: {
      country: 'US',
      region: `region ${area % 50}`,
      city: `city ${area % 1000}`,
      area: `area ${area}`,
      postcode: String(10_000 + area),
      lat: null,
      lon: null,
      h3: null,
      site: null,
    },
    scale: kind === 'survey' ? 'csat' : null,
    score: kind === 'survey' ? 1 + (n % 5) : null,
    question: null,
    ticket:
      kind === 'ticket'
        ? {
            type: null,
            severity: severities[n % severities.length]!,
            priority: null,
            status: isResolved ? 'resolved' : 'inProgress',
            statusChangeReason: null,
            createdAt: Math.floor(openedAt),
            resolvedAt: null,
            expectedResolutionAt: null,
          }
        : null,
    inReplyTo: null,
    threadId: null,
    attributes: {},
  };
}

/** A number below 2^32 that looks random (Knuth's multiplicative hash with a finisher). */
function scattered(n: number, what: number): number {
  let mixed = Math.imul(n + 1, 2_654_435_761) ^ Math.imul(what, 0x9e3779b9);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
