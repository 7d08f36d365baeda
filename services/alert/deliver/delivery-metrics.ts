// What is counted of deliveries, by target.
import { Counter, Gauge, Registry, type MetricObject } from 'prom-client';
import { deliveryResults, type DeliveryResult } from './verdict.ts';

export interface DeliveryMetrics {
  count(target: string, result: DeliveryResult, times?: number): void;
  /** @param ageMs of the oldest that waits; 0 where none does */
  waiting(target: string, ageMs: number): void;
  /** Plain data that survives `postMessage`. */
  snapshot(): Promise<readonly MetricObject[]>;
}

/** @param targets by name: each has its series from the start, so that the first failure is a rise */
export function createDeliveryMetrics(targets: readonly string[]): DeliveryMetrics {
  const registry = new Registry();
  const registers = [registry];
  const deliveries = new Counter({
    name: 'signpost_alert_deliveries_total',
    help: 'Attempts to tell targets of alerts, by target and result',
    labelNames: ['target', 'result'],
    registers,
  });
  const oldest = new Gauge({
    name: 'signpost_alert_deliveries_oldest_waiting_seconds',
    help: 'Age of the oldest message that waits to be sent, by target',
    labelNames: ['target'],
    registers,
    aggregator: 'max',
  });
  for (const target of targets) {
    oldest.set({ target }, 0);
    for (const result of deliveryResults) deliveries.inc({ target, result }, 0);
  }
  return {
    count: (target, result, times = 1) => deliveries.inc({ target, result }, times),
    waiting: (target, ageMs) => oldest.set({ target }, Math.max(0, ageMs) / 1000),
    snapshot: () => registry.getMetricsAsJSON(),
  };
}
