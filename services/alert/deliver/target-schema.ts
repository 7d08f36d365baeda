// The form of the targets file; docs/alert-targets.md tells each setting.
import { z } from 'zod';
import { rangeFlaw } from './addresses.ts';
import { secretSource } from './target-secrets.ts';

export const targetKinds = [
  'alertmanager',
  'alertmanager-webhook',
  'slack',
  'webhook',
  'tmf642',
  'tmf656',
] as const;
export type TargetKind = (typeof targetKinds)[number];

export const sentStates = ['firing', 'acknowledged', 'suppressed', 'reopened', 'resolved'] as const;

const levels = ['everywhere', 'country', 'region', 'city', 'area', 'postcode', 'site'] as const;

const filter = z.strictObject({
  /** Any of them is to know. */
  departments: z.array(z.string().min(1)).min(1).optional(),
  /** Any of them rose. */
  themes: z.array(z.string().min(1)).min(1).optional(),
  levels: z.array(z.enum(levels)).min(1).optional(),
  states: z
    .array(z.enum(sentStates))
    .min(1)
    .default(['firing', 'acknowledged', 'reopened', 'resolved']),
  minCustomers: z.number().int().min(0).default(0),
});
export type TargetFilter = z.output<typeof filter>;

const range = z.string().superRefine((text, context) => {
  const flaw = rangeFlaw(text);
  if (flaw !== undefined) context.addIssue({ code: 'custom', message: flaw });
});

/** Set by us, or by what a connection needs. */
const ownHeaders =
  /^(?:host|connection|content-length|content-type|transfer-encoding|webhook-.*)$/i;

const headers = z.record(z.string(), secretSource).superRefine((all, context) => {
  for (const name of Object.keys(all)) {
    const refuse = (message: string): void =>
      context.addIssue({ code: 'custom', path: [name], message });
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) refuse('must be the name of a header');
    else if (ownHeaders.test(name)) refuse('is a header that Signpost sets itself');
  }
});

const target = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be small letters, digits and hyphens, 63 at most'),
  kind: z.enum(targetKinds),
  /** A string where it holds no secret. */
  url: z.union([z.string(), secretSource], 'must be an address, {env: NAME} or {file: path}'),
  filter: filter.prefault({}),
  /** Whether, or which, addresses that the internet does not reach are sent to. */
  allowPrivate: z
    .union([z.boolean(), z.array(range)], 'must be true, false or a list of ranges')
    .default(false),
  bearer: secretSource.optional(),
  basic: z.strictObject({ user: z.string().regex(/^[^:]*$/), password: secretSource }).optional(),
  headers: headers.default({}),
  /** Of Standard Webhooks; several while one replaces another. */
  signingSecrets: z.array(secretSource).max(5).default([]),
  /** PEM file of certificates trusted in place of the usual ones. */
  ca: z.string().min(1).optional(),
  connectTimeoutMs: z.number().int().min(100).max(60_000).default(5000),
  totalTimeoutMs: z.number().int().min(100).max(60_000).default(15_000),
  giveUpAfterHours: z.number().min(0.1).max(168).default(24),
  /** Alertmanager: how often what stands is sent again, and for how long it holds without. */
  resendSeconds: z.number().int().min(10).max(3600).optional(),
  holdMinutes: z.number().int().min(1).max(1440).optional(),
});

export const targetsSchema = z
  .strictObject({
    /** Where readers reach the pages; links in messages lead there. */
    portalUrl: z
      .url({ protocol: /^https?$/, message: 'must be an http or https address' })
      .optional(),
    /** Customers affected, at least, by estimate. */
    severity: z
      .strictObject({
        critical: z.number().min(1).default(10_000),
        major: z.number().min(1).default(1000),
        minor: z.number().min(1).default(100),
      })
      .prefault({}),
    targets: z.array(target).max(100),
  })
  .superRefine(({ targets, severity }, context) => {
    const refuse = (path: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path, message });
    if (severity.critical < severity.major || severity.major < severity.minor)
      refuse(['severity'], 'critical must not be below major, nor major below minor');
    for (const [index, each] of targets.entries()) {
      const at = (name: string): (string | number)[] => ['targets', index, name];
      if (targets.findIndex(({ name }) => name === each.name) < index)
        refuse(at('name'), `${each.name} is the name of another target already`);
      if (each.bearer !== undefined && each.basic !== undefined)
        refuse(at('basic'), 'and bearer cannot both be given');
      if (each.kind === 'webhook' && each.signingSecrets.length === 0)
        refuse(
          at('signingSecrets'),
          'must name a secret: receivers tell by it that a message is ours',
        );
      if (each.totalTimeoutMs < each.connectTimeoutMs)
        refuse(at('totalTimeoutMs'), 'must not be below connectTimeoutMs');
      for (const name of ['resendSeconds', 'holdMinutes'] as const)
        if (each.kind !== 'alertmanager' && each[name] !== undefined)
          refuse(at(name), 'is a setting of the kind alertmanager alone');
      if ((each.holdMinutes ?? 60) * 60 < 3 * (each.resendSeconds ?? 60))
        refuse(at('holdMinutes'), 'must be three times resendSeconds or more');
    }
  });
export type TargetsDocument = z.output<typeof targetsSchema>;
