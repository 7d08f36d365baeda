// A moment: relative, with the absolute time and its zone in the tooltip.
import { useEffect, useState } from 'preact/hooks';

const steps: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'medium',
  timeZone: 'UTC',
});

/** "3 hours ago", "in 2 days", "just now". */
export function relativeText(atMs: number, nowMs: number): string {
  const seconds = (atMs - nowMs) / 1000;
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return 'just now';
}

/** "29 Nov 2026, 08:00:00 UTC" */
export function absoluteText(at: string | number): string {
  return `${absolute.format(new Date(at))} UTC`;
}

/** @param isExact false where only the day is known. */
export function Moment({ at, isExact = true }: { at: string; isExact?: boolean }) {
  const now = useNow();
  const title = isExact ? absoluteText(at) : `${at.slice(0, 10)} UTC, the hour is not known`;
  return (
    <time dateTime={at} title={title}>
      {relativeText(Date.parse(at), now)}
    </time>
  );
}

/** Now, anew each half minute; one timer for all. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    nowListeners.add(setNow);
    timer ??= window.setInterval(() => {
      for (const listener of nowListeners) listener(Date.now());
    }, 30_000);
    return () => {
      nowListeners.delete(setNow);
      if (nowListeners.size === 0) {
        window.clearInterval(timer);
        timer = undefined;
      }
    };
  }, []);
  return now;
}

const nowListeners = new Set<(now: number) => void>();
let timer: number | undefined;
