// What becomes of objects that were replaced or deleted: a bucket may keep their old versions, for a while or for good.
// Whoever erases words must say so, for in old versions they live on.
import type { LifecycleRule, S3ClientConfig } from '@aws-sdk/client-s3';
import { SignpostError } from '../errors.ts';
import type { S3Settings } from './config.ts';
import { readAddress } from './open-store.ts';

export type OldVersions =
  /** There are none: what is replaced is gone. */
  | { readonly kind: 'none' }
  /** The last is gone at most so many days after it was replaced or deleted. */
  | { readonly kind: 'days'; readonly days: number }
  /** No rule removes them: a legal hold, or nobody made one. */
  | { readonly kind: 'kept' }
  /** Nobody told: no right to ask, or the server knows no such question. */
  | { readonly kind: 'unknown'; readonly reason: string };

export interface OldVersionsOptions {
  readonly s3?: S3Settings;
  /** By default from where the AWS tools look for them. */
  readonly credentials?: S3ClientConfig['credentials'];
  readonly signal?: AbortSignal;
  /** Of each of three requests; 10 s by default. */
  readonly patienceMs?: number;
}

/**
 * By prefix of keys within the store. Locks of single versions are not seen: they are asked for one by one.
 * @param address as of `openObjectStore` @throws SignpostError `config-invalid` for an address that is none
 */
export async function readOldVersions(
  address: string,
  prefixes: readonly string[],
  options: OldVersionsOptions = {},
): Promise<ReadonlyMap<string, OldVersions>> {
  const all = (what: OldVersions) => new Map(prefixes.map((prefix) => [prefix, what] as const));
  const place = readAddress(address);
  if (place.kind === 'directory') return all({ kind: 'none' });
  try {
    // Whoever keeps objects in a directory need not wait for the AWS library to load.
    const { askBucket } = await import('./s3-bucket-keeps.ts');
    const bucket = await askBucket(place.bucket, options);
    const root = place.prefix === '' ? '' : `${place.prefix}/`;
    return new Map(prefixes.map((prefix) => [prefix, oldVersionsOf(bucket, root + prefix)]));
  } catch (error) {
    if (!(error instanceof SignpostError)) throw error;
    return all({ kind: 'unknown', reason: error.message });
  }
}

export interface BucketKeeps {
  /** Since when it was switched on, versions that are there stay, also when it is suspended. */
  readonly versions: boolean;
  readonly rules: readonly LifecycleRule[];
  /** Of object lock, for everything that is written; 0 without. */
  readonly lockDays: number;
}

/** S3 counts from the next midnight, and acts within the day after. */
const slackDays = 2;

/** @param prefix as the bucket knows it */
export function oldVersionsOf(
  { versions, rules, lockDays }: BucketKeeps,
  prefix: string,
): OldVersions {
  if (!versions) return { kind: 'none' };
  const days = rules.flatMap((rule) => {
    const { NoncurrentDays: after, NewerNoncurrentVersions: spared = 0 } =
      rule.NoncurrentVersionExpiration ?? {};
    const isFor = rule.Status === 'Enabled' && prefix.startsWith(prefixOf(rule) ?? `${prefix}-`);
    return isFor && after !== undefined && spared === 0 ? [after] : [];
  });
  if (days.length === 0) return { kind: 'kept' };
  return { kind: 'days', days: Math.max(Math.min(...days), lockDays) + slackDays };
}

/** Undefined where the rule is for some objects of a prefix alone. */
function prefixOf({ Filter: filter, Prefix: prefix }: LifecycleRule): string | undefined {
  if (filter === undefined) return prefix ?? '';
  const { Prefix, ...others } = filter;
  return Object.values(others).some((value) => value !== undefined) ? undefined : (Prefix ?? '');
}
