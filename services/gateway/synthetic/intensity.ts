// How much is said about an event of the world at a moment, and how to put the event in words.
import type { Provider } from './provider.ts';
import { rhythm } from './rhythm.ts';
import type { WorldEvent } from './world.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Those who want to report an outage have mostly done so after a few hours. */
const FATIGUE_MS = 6 * HOUR_MS;
const OUTAGE_TAIL_MS = 40 * MINUTE_MS;
const SURVEY_FROM_MS = HOUR_MS;
const SURVEY_UNTIL_MS = 36 * HOUR_MS;
/** Surveys after an outage: this share of the reports at its height. */
const SURVEY_SHARE = 0.06;

/** Volume of what is said about `event` at `at` (ms), as a multiple of the provider's mean ordinary volume. */
export function intensity(event: WorldEvent, at: number, provider: Provider): number {
  const since = at - event.startsAt;
  if (since < 0 || at >= event.quietAt) return 0;
  const height = event.strength * event.share;
  const busy = rhythm(at, provider.utcOffsetMs);
  switch (event.kind) {
    case 'outage': {
      const reports = outageReports(event, at);
      // An outage wakes people up: it is reported at night too, though less.
      return height * (0.4 + 0.6 * busy) * reports + height * busy * outageSurveys(event, at);
    }
    case 'congestion': {
      const part = since / (event.endsAt - event.startsAt);
      return height * busy * 4 * part * (1 - part);
    }
    case 'coverage-gap':
      return height * busy;
    case 'app-release': {
      const after = Math.max(0, at - event.endsAt);
      const rise = 1 - Math.exp(-Math.min(since, event.endsAt - event.startsAt) / event.rampMs);
      return height * busy * rise * Math.exp(-after / (3 * HOUR_MS));
    }
    // Campaigns, prices, bill runs and rivals are talked about at once, then less and less.
    default:
      return height * busy * Math.exp(-since / event.rampMs);
  }
}

/** Part of what is said at `at` about an outage that comes as survey answers, 0..1. */
export function surveyPart(event: WorldEvent, at: number): number {
  const surveys = outageSurveys(event, at);
  return surveys === 0 ? 0 : surveys / (surveys + outageReports(event, at));
}

function outageReports(event: WorldEvent, at: number): number {
  const lasted = Math.min(at, event.endsAt) - event.startsAt;
  const rise = 1 - Math.exp(-lasted / event.rampMs);
  const tail = Math.exp(-Math.max(0, at - event.endsAt) / OUTAGE_TAIL_MS);
  return rise * Math.exp(-lasted / FATIGUE_MS) * tail;
}

function outageSurveys(event: WorldEvent, at: number): number {
  const after = at - event.endsAt;
  return after >= SURVEY_FROM_MS && after < SURVEY_UNTIL_MS ? SURVEY_SHARE : 0;
}

/** One short sentence about an event as of `now` (ms), for people. Plain text, made of the gazetteer's own words. */
export function describeWorldEvent(event: WorldEvent, now: number, provider: Provider): string {
  const where = placeNames(event, provider);
  const kind = event.technology === null ? '' : ` (${event.technology})`;
  const ended = now >= event.endsAt;
  const when = ended ? `${ago(now - event.endsAt)} ago` : `${ago(now - event.startsAt)} ago`;
  switch (event.kind) {
    case 'outage':
      return ended
        ? `Outage in ${where}${kind} was repaired ${when}`
        : `Outage in ${where}${kind} began ${when}`;
    case 'congestion':
      return ended
        ? `Evening congestion in ${where}${kind} is over`
        : `Evening congestion in ${where}${kind} since ${when}`;
    case 'coverage-gap':
      return `${where} has long been short of ${event.technology ?? 'mobile'} coverage`;
    case 'campaign':
      return `Campaign "${event.name}" at $${event.newPrice} a month began ${ago(now - event.startsAt)} ago`;
    case 'price-change':
      return `Prices rose from $${event.oldPrice} to $${event.newPrice} ${ago(now - event.startsAt)} ago`;
    case 'app-release':
      return ended
        ? `Faulty app version ${event.name} was replaced ${when}`
        : `Faulty app version ${event.name} was released ${when}`;
    case 'bill-run':
      return `Bill run with errors ${ago(now - event.startsAt)} ago`;
    default:
      return `${event.name} began to offer $${event.newPrice} a month in ${where} ${ago(now - event.startsAt)} ago`;
  }
}

function placeNames(event: WorldEvent, provider: Provider): string {
  const first = provider.areas[event.areas[0] ?? -1];
  if (first === undefined) return 'the whole country';
  const names = event.areas.map((index) => provider.areas[index]!.name);
  if (names.length <= 2) return names.join(' and ');
  return `${first.city} (${names.length} areas)`;
}

function ago(elapsedMs: number): string {
  const minutes = Math.max(0, Math.floor(elapsedMs / MINUTE_MS));
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}
