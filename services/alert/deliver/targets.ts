// Who is told of alerts: the targets file, checked whole, with its secrets read.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkConfig, readYaml } from '#core/config.ts';
import { SignpostError } from '#core/errors.ts';
import type { SendPolicy } from './send.ts';
import { signingKeyOf } from './standard-webhooks.ts';
import {
  targetsSchema,
  type TargetFilter,
  type TargetKind,
  type TargetsDocument,
} from './target-schema.ts';
import { secretReader, type ReadSecret, type SecretSource } from './target-secrets.ts';
import { hostOf, urlFlaw } from './target-url.ts';

export interface Target extends SendPolicy {
  readonly name: string;
  readonly kind: TargetKind;
  /** May hold a secret; messages name `host`. */
  readonly url: string;
  readonly host: string;
  readonly filter: TargetFilter;
  /** Of authentication. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signingKeys: readonly Uint8Array[];
  readonly giveUpAfterMs: number;
  /** Alertmanager: how often what stands is sent again, and for how long it holds without. */
  readonly resendMs: number;
  readonly holdMs: number;
  /** What must not be shown, in whatever a target answers. */
  readonly secrets: readonly string[];
}

/** Least customers affected for each. */
export type SeverityLimits = TargetsDocument['severity'];

export interface Targets {
  readonly portalUrl: string | undefined;
  readonly severity: SeverityLimits;
  readonly targets: readonly Target[];
}

/**
 * Reads YAML or JSON; paths in it are relative to its folder.
 * @throws SignpostError `config-invalid` naming each wrong value, never a secret
 */
export function readTargets(file: string, env: Readonly<NodeJS.ProcessEnv> = process.env): Targets {
  return checkTargets(readYaml(file), file, dirname(resolve(file)), env);
}

/**
 * Who is told of what, without any secret: for who plans what is told and sends nothing.
 * @throws SignpostError `config-invalid` naming each wrong value
 */
export function readReceivers(file: string): readonly Pick<Target, 'name' | 'filter'>[] {
  return checkConfig(targetsSchema, readYaml(file), file, { hint }).targets;
}

/** @param where for messages; `folder` what paths are relative to */
export function checkTargets(
  value: unknown,
  where: string,
  folder: string,
  env: Readonly<NodeJS.ProcessEnv>,
): Targets {
  const document = checkConfig(targetsSchema, value, where, { hint });
  const flaws: string[] = [];
  const read = secretReader(folder, env);
  const targets = document.targets.map((each, index) =>
    targetOf(each, folder, read, (name, flaw) => flaws.push(`  targets.${index}.${name}: ${flaw}`)),
  );
  if (flaws.length > 0)
    throw new SignpostError('config-invalid', `${where} is not valid:\n${flaws.join('\n')}`, {
      hint,
    });
  return { portalUrl: document.portalUrl, severity: document.severity, targets };
}

const hint = 'docs/alert-targets.md lists every setting with its default.';

function targetOf(
  each: TargetsDocument['targets'][number],
  folder: string,
  read: ReadSecret,
  refuse: (name: string, flaw: string) => void,
): Target {
  const secrets: string[] = [];
  const secret = (name: string, source: SecretSource): string => {
    const found = read(source);
    if ('flaw' in found) refuse(name, found.flaw);
    else secrets.push(found.text);
    return 'text' in found ? found.text : '';
  };
  const url = typeof each.url === 'string' ? each.url : secret('url', each.url);
  const flaw = url === '' && typeof each.url !== 'string' ? undefined : urlFlaw(url);
  if (flaw !== undefined) refuse('url', flaw);
  const isUrl = URL.canParse(url);
  if (isUrl) secrets.push(...secretPartsOf(new URL(url), typeof each.url !== 'string'));
  const headers = headersOf(each, secret);
  // As they are sent, too: a password in base64 is one still.
  secrets.push(...Object.values(headers).map((value) => value.split(' ').at(-1)!));
  return {
    name: each.name,
    kind: each.kind,
    url,
    host: isUrl ? hostOf(url) : '',
    filter: each.filter,
    allowed: {
      privateNetworks: each.allowPrivate === true,
      ranges: typeof each.allowPrivate === 'boolean' ? [] : each.allowPrivate,
    },
    headers,
    signingKeys: each.signingSecrets.flatMap((source, index) => {
      const name = `signingSecrets.${index}`;
      const text = secret(name, source);
      const key = text === '' ? text : signingKeyOf(text);
      if (typeof key !== 'string') return [key];
      if (key !== '') refuse(name, key);
      return [];
    }),
    ca: each.ca === undefined ? undefined : readCertificates(resolve(folder, each.ca), refuse),
    connectTimeoutMs: each.connectTimeoutMs,
    totalTimeoutMs: each.totalTimeoutMs,
    giveUpAfterMs: each.giveUpAfterHours * 3_600_000,
    resendMs: (each.resendSeconds ?? 60) * 1000,
    holdMs: (each.holdMinutes ?? 60) * 60_000,
    secrets: secrets.filter((text) => text !== ''),
  };
}

function headersOf(
  { bearer, basic, headers }: TargetsDocument['targets'][number],
  secret: (name: string, source: SecretSource) => string,
): Record<string, string> {
  const all = Object.fromEntries(
    Object.entries(headers).map(([name, source]) => [
      name.toLowerCase(),
      secret(`headers.${name}`, source),
    ]),
  );
  if (bearer !== undefined) all['authorization'] = `Bearer ${secret('bearer', bearer)}`;
  if (basic !== undefined) {
    const pair = `${basic.user}:${secret('basic.password', basic.password)}`;
    all['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  return all;
}

/** Chat services and collectors keep the key in the path or query. @param isSecret whether the address was said to be one */
function secretPartsOf({ pathname, search }: URL, isSecret: boolean): string[] {
  const parts = [...pathname.split('/'), ...search.split(/[?&=]/)];
  const long = parts.filter((part) => part.length >= 16);
  return isSecret ? [`${pathname}${search}`, ...long] : long;
}

function readCertificates(
  path: string,
  refuse: (name: string, flaw: string) => void,
): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
    refuse('ca', `${path} holds no certificate in PEM`);
  } catch (error) {
    refuse('ca', `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
  return undefined;
}
