// Settings of the query API and its pages.
import { z } from 'zod';
import { isLoopback } from '#core/http/host.ts';
import { roles, usualSuppression } from './reader.ts';

/** Keys and discovery over plain HTTP could be swapped on the way; on this machine there is no way. */
export function isTrustworthy(url: string): boolean {
  // What is no URL is refused as such.
  if (!URL.canParse(url)) return true;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || isLoopback(hostname.replaceAll(/[[\]]/g, ''));
}

const oidcConfig = z.strictObject({
  issuer: z
    .url({ protocol: /^https?$/, message: 'must be an https URL' })
    .refine(isTrustworthy, 'must be an https URL, or http on a loopback address')
    .describe(
      'As `iss` of the tokens; its /.well-known/openid-configuration tells where the keys are.',
    ),
  audience: z.string().min(1).describe('One that `aud` of a token must hold.'),
  roleClaim: z
    .string()
    .min(1)
    .default('role')
    .describe('Claim with the role, text or a list; dots lead inside (realm_access.roles).'),
  departmentsClaim: z
    .string()
    .min(1)
    .default('departments')
    .describe('Claim with names of departments. Planners and admins without it see all.'),
  roles: z
    .record(z.string(), z.enum(roles))
    .default({ reader: 'reader', planner: 'planner', admin: 'admin' })
    .describe('What the values of the role claim mean; of several the one that may most.'),
  mayJudge: z.boolean().default(true).describe('Whether holders may judge insights.'),
  clockSkewSeconds: z.number().int().min(0).max(300).default(30),
});

export type OidcConfig = Readonly<z.output<typeof oidcConfig>>;

export const portalConfig = z.strictObject({
  suppressBelow: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(usualSuppression)
    .describe('Smaller counts are not shown to readers; planners and admins see every count.'),
  coverageSurveys: z
    .array(z.string().min(1))
    .max(100)
    .default(['in-call-quality'])
    .describe(
      'Sources of surveys about calls or the connection: what their answers say of coverage is told.',
    ),
  requestsPerMinute: z.number().int().min(1).default(600).describe('Of one key or token.'),
  questionsAtATime: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(8)
    .describe('Questions put to the database at a time; further ones wait.'),
  patienceMs: z
    .number()
    .int()
    .min(0)
    .default(2000)
    .describe('How long a question waits for its turn before it is answered 503.'),
  statementTimeoutMs: z
    .number()
    .int()
    .min(100)
    .default(10_000)
    .describe('Longer questions are given up.'),
  retryAfterSeconds: z
    .number()
    .int()
    .min(1)
    .default(2)
    .describe('Told to those who are to come again.'),
  sessionHours: z
    .number()
    .min(1)
    .max(24 * 30)
    .default(12)
    .describe('How long the pages remember a key.'),
  oidc: oidcConfig.optional().describe('Tokens of an OpenID Connect issuer, beside keys.'),
});

export type PortalConfig = Readonly<z.output<typeof portalConfig>>;
