// Two models side by side on the same texts: who would newly be sent what, who no longer, and what else changes. Pure.
import type { JudgeInput, Judgement } from '../../classify/judge.ts';
import { routeOf } from '../../publish/route.ts';
import type { RoutingJudge } from './open-model.ts';

export interface DepartmentChange {
  /** Share of all records that it is sent, from 0 to 1. */
  readonly before: number;
  readonly after: number;
  /** Share of all records that are unsure for it, from 0 to 1. */
  readonly unsureBefore: number;
  readonly unsureAfter: number;
  /** Records that it was not sent and would be, and the other way round. */
  readonly toYes: number;
  readonly toNo: number;
}

export interface Example {
  readonly department: string;
  readonly became: 'yes' | 'no';
  readonly text: string | null;
  /** Relevance for the department, 0 where it is too small to be listed. */
  readonly before: number;
  readonly after: number;
}

/** How many records of one class became another; null where there is none. */
export interface ClassChange {
  readonly from: string | null;
  readonly to: string | null;
  readonly records: number;
}

export interface Changes {
  readonly changed: number;
  /** The most frequent first, ten at most. */
  readonly most: readonly ClassChange[];
}

export interface Comparison {
  /** Versions of the models. */
  readonly old: string;
  readonly new: string;
  readonly records: number;
  /** Records that would go to others than they do. */
  readonly rerouted: number;
  readonly departments: Readonly<Record<string, DepartmentChange>>;
  readonly themes: Changes;
  readonly sentiments: Changes;
  /** By department, the largest changes of relevance first. */
  readonly examples: readonly Example[];
}

const mostClassChanges = 10;

/** Takes records one by one. @param examples most to keep of each department */
export function createComparison(
  before: RoutingJudge,
  after: RoutingJudge,
  examples: number,
): { see(input: JudgeInput): void; close(): Comparison } {
  const names = [...new Set([...before.subscribers.keys(), ...after.subscribers.keys()])];
  const counts = new Map(
    names.map((name) => [
      name,
      { before: 0, after: 0, unsureBefore: 0, unsureAfter: 0, toYes: 0, toNo: 0 },
    ]),
  );
  const kept = new Map<string, Example[]>(names.map((name) => [name, []]));
  const themes = createClassChanges();
  const sentiments = createClassChanges();
  let records = 0;
  let rerouted = 0;

  function keep(example: Example): void {
    const list = kept.get(example.department)!;
    const size = sizeOf(example);
    let at = list.length;
    while (at > 0 && sizeOf(list[at - 1]!) < size) at -= 1;
    list.splice(at, 0, example);
    if (list.length > examples) list.pop();
  }

  return {
    see(input) {
      records += 1;
      const old = before.judge.judge(input);
      const young = after.judge.judge(input);
      const went = routeOf(old, before.subscribers);
      const goes = routeOf(young, after.subscribers);
      let isRerouted = false;
      for (const name of names) {
        const count = counts.get(name)!;
        const was = went.receivers.includes(name);
        const is = goes.receivers.includes(name);
        if (was) count.before += 1;
        if (is) count.after += 1;
        if (went.unsure.includes(name)) count.unsureBefore += 1;
        if (goes.unsure.includes(name)) count.unsureAfter += 1;
        if (was === is) continue;
        isRerouted = true;
        if (is) count.toYes += 1;
        else count.toNo += 1;
        keep({
          department: name,
          became: is ? 'yes' : 'no',
          text: input.text,
          before: relevanceOf(old, name),
          after: relevanceOf(young, name),
        });
      }
      if (isRerouted) rerouted += 1;
      themes.see(old.theme, young.theme);
      sentiments.see(String(old.sentiment), String(young.sentiment));
    },
    close() {
      const share = (count: number): number => (records === 0 ? 0 : round(count / records));
      return {
        old: before.judge.version,
        new: after.judge.version,
        records,
        rerouted,
        departments: Object.fromEntries(
          [...counts].map(([name, count]) => [
            name,
            {
              before: share(count.before),
              after: share(count.after),
              unsureBefore: share(count.unsureBefore),
              unsureAfter: share(count.unsureAfter),
              toYes: count.toYes,
              toNo: count.toNo,
            },
          ]),
        ),
        themes: themes.close(),
        sentiments: sentiments.close(),
        examples: [...kept.values()].flat(),
      };
    },
  };
}

function createClassChanges(): {
  see(from: string | null, to: string | null): void;
  close(): Changes;
} {
  const counts = new Map<string, { from: string | null; to: string | null; records: number }>();
  let changed = 0;
  return {
    see(from, to) {
      if (from === to) return;
      changed += 1;
      const key = JSON.stringify([from, to]);
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { from, to, records: 1 });
      else known.records += 1;
    },
    close: () => ({
      changed,
      most: [...counts.values()]
        .toSorted((a, b) => b.records - a.records)
        .slice(0, mostClassChanges),
    }),
  };
}

function relevanceOf({ departments }: Judgement, name: string): number {
  return departments.find(({ department }) => department === name)?.relevance ?? 0;
}

function sizeOf({ before, after }: Example): number {
  return Math.abs(after - before);
}

function round(share: number): number {
  return Math.round(share * 1e6) / 1e6;
}
