// Labels and annotations as Prometheus and Alertmanager have them. Labels say which incident it is and never change while
// it stands, since other labels would be another alert; annotations say how it stands now.
import { placeLevels } from '../../sighting.ts';
import { isoTime, linkTo, severityOf, type FormatContext, type Notice } from '../notice.ts';
import { plainText } from '../plain-text.ts';

export type Labels = Readonly<Record<string, string>>;

const mostText = 1024;

/** Without what is empty: Alertmanager takes an empty label for none. */
export function labelsOf({ opening, isTest }: Notice, { severity }: FormatContext): Labels {
  return filled({
    alertname: isTest ? 'SignpostTest' : 'SignpostIncident',
    incident: opening.incidentId,
    severity: severityOf(opening, severity),
    place: opening.place,
    place_level: opening.placeLevel,
    ...placeLabels(opening.placePath),
    themes: opening.themes.toSorted().join(','),
    product: opening.product ?? '',
    departments: opening.departments.toSorted().join(','),
  });
}

export function annotationsOf(notice: Notice): Labels {
  const { alert, by } = notice;
  const number = (value: number | null): string =>
    value === null ? '' : String(Math.round(value * 10) / 10);
  return filled({
    summary: alert.summary,
    state: alert.state,
    place: alert.place,
    themes: alert.themes.join(', '),
    customers: String(alert.customers),
    usual: number(alert.expectedCustomers),
    affected: number(alert.estimatedAffected),
    affected_low: number(alert.estimatedAffectedLow),
    affected_high: number(alert.estimatedAffectedHigh),
    detected_at: isoTime(alert.detectedAt),
    words: alert.words.join(', '),
    planned: alert.planned.join('; '),
    held_by: alert.heldBy.join(', '),
    merged_into: alert.mergedInto ?? '',
    by: by ?? '',
  });
}

/** `country`, `region`, `city` and so on, so that routes need not take a place in words apart. */
function placeLabels(path: Readonly<Record<string, string>>): Labels {
  return Object.fromEntries(
    Object.entries(path).filter(([level]) => placeLevels.some((known) => known === level)),
  );
}

export function generatorUrlOf({ alert }: Notice, { portalUrl }: FormatContext): string {
  return linkTo(alert.incidentId, portalUrl) ?? '';
}

function filled(all: Labels): Labels {
  return Object.fromEntries(
    Object.entries(all)
      .map(([name, value]) => [name, plainText(value, mostText)] as const)
      .filter(([, value]) => value !== ''),
  );
}

const separator = 0xff;
const offset = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;
const mask = 0xffffffffffffffffn;

/**
 * As Alertmanager gives it: FNV-1a of 64 bits over the sorted names and values, each followed by 0xff
 * (github.com/prometheus/common, model/signature.go), as 16 hexadecimal digits.
 */
export function fingerprintOf(labels: Labels): string {
  let hash = offset;
  const names = Object.keys(labels).toSorted(byBytes);
  for (const name of names)
    for (const part of [name, labels[name]!])
      for (const byte of [...Buffer.from(part), separator])
        hash = ((hash ^ BigInt(byte)) * prime) & mask;
  return hash.toString(16).padStart(16, '0');
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
