// Where an insight goes: to the departments it matters to, and for review where that is unsure. Pure.
import type { Insight } from '#schemas/insight.ts';

export interface Subscriber {
  readonly name: string;
  /** Relevance from 0 to 1 from which on the department receives an insight. */
  readonly threshold: number;
  /** Relevance from which on, below `threshold`, it is unsure whether it is meant. By default `threshold`: never. */
  readonly unsureFrom?: number;
}

export interface Route {
  /** Departments that receive it, the most relevant first. */
  readonly receivers: readonly string[];
  /** Departments that it may matter to, the most relevant first: for these it is put up for review. */
  readonly unsure: readonly string[];
}

/** @param subscribers by name; a relevance for any other department is ignored */
export function routeOf(
  { departments }: Pick<Insight, 'departments'>,
  subscribers: ReadonlyMap<string, Subscriber>,
): Route {
  const receivers: string[] = [];
  const unsure: string[] = [];
  for (const { department, relevance } of departments) {
    const subscriber = subscribers.get(department);
    if (subscriber === undefined) continue;
    const { threshold, unsureFrom = threshold } = subscriber;
    if (relevance >= threshold) receivers.push(department);
    else if (relevance >= unsureFrom) unsure.push(department);
  }
  return { receivers, unsure };
}

export function subscribersByName(
  subscribers: readonly Subscriber[],
): ReadonlyMap<string, Subscriber> {
  return new Map(subscribers.map((subscriber) => [subscriber.name, subscriber]));
}
