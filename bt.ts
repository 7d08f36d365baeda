import { readFileSync } from 'node:fs';
import { sightingOf } from './services/alert/sighting.ts';
import { createDetector } from './services/alert/detect/detector.ts';
import { bucketMs } from './services/alert/detect/detection.ts';
const lines = readFileSync(process.argv[2]!, 'utf8')
  .trim()
  .split('\n')
  .map((l) => JSON.parse(l));
const budget = Number(process.argv[3] ?? 1);
const s = lines.flatMap((l) => {
  const v = l.value;
  const r = v.departments.filter((d: any) => d.relevance >= 0.5).map((d: any) => d.department);
  const fix = (x: any) => (typeof x === 'string' ? Date.parse(x) : x);
  v.signal.occurredAt = fix(v.signal.occurredAt);
  v.signal.receivedAt = fix(v.signal.receivedAt);
  if (v.signal.ticket) v.signal.ticket.createdAt = fix(v.signal.ticket.createdAt);
  return sightingOf(v, r) ?? [];
});
console.log(lines.length, s.length);
const b = new Map<number, any[]>();
for (const x of s) {
  const k = Math.floor(x.at / bucketMs);
  (b.get(k) ?? b.set(k, []).get(k)!).push(x);
}
const ks = [...b.keys()].sort((a, c) => a - c);
const d = createDetector({
  budgetPerWeek: budget,
  minCustomers: Number(process.argv[4] ?? 4),
  warmUpDays: 14,
  latenessMs: 300000,
});
const t0 = performance.now();
const all = new Map<string, any>();
const iso = (x: any) => (x === null ? null : new Date(x).toISOString().slice(5, 16));
for (let k = ks[0]!; k <= ks.at(-1)! + 96; k++)
  for (const c of d.step({ start: k * bucketMs, sightings: b.get(k) ?? [] })) {
    all.set(c.incident.id, c.incident);
    if (c.kind !== 'went-on') {
      const i = c.incident;
      console.log(
        iso(c.at),
        c.kind,
        i.id.slice(0, 6),
        i.scope.level,
        Object.values(i.scope.path).filter(Boolean).join('/'),
        i.themes.join(','),
        'start',
        iso(i.startedAt),
        'cust',
        i.customers,
        'exp',
        i.expectedCustomers.toFixed(1),
        'p',
        i.pValue.toExponential(1),
        i.heldBy.join(),
        i.mergedInto?.slice(0, 6) ?? '',
        're',
        i.reopened,
      );
    }
  }
console.log(((performance.now() - t0) / 1000).toFixed(1), 's', d.seriesTested(), all.size);
