// A store of objects by its address: `s3://bucket/prefix`, or a directory.
import { fileURLToPath } from 'node:url';
import { SignpostError } from '../errors.ts';
import { s3Config, type S3Settings } from './config.ts';
import { openDirectoryStore } from './directory.ts';
import type { ObjectStore } from './port.ts';

export interface OpenStoreOptions {
  /** What the settings say of the server; nothing of it is for a directory. */
  readonly s3?: S3Settings;
  /** `read` writes nothing, and needs no right to; `write` by default. */
  readonly access?: 'read' | 'write';
  /** Ends all calls with its reason. */
  readonly signal?: AbortSignal;
  /** Of a request to S3, from the first attempt to the last; 30 s by default. */
  readonly patienceMs?: number;
}

/** @throws SignpostError `config-invalid` for an address that is none; `objects-refused`, `objects-unavailable` */
export async function openObjectStore(
  address: string,
  { s3 = s3Config.parse({}), ...options }: OpenStoreOptions = {},
): Promise<ObjectStore> {
  const place = readAddress(address);
  if (place.kind === 'directory') return openDirectoryStore(place.path, options);
  // Whoever keeps objects in a directory need not wait for the AWS library to load.
  const { openS3Store } = await import('./s3.ts');
  const { bucket, prefix } = place;
  return openS3Store({ ...s3, ...options, bucket, prefix });
}

export type StoreAddress =
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'directory'; readonly path: string };

/** @throws SignpostError `config-invalid` */
export function readAddress(address: string): StoreAddress {
  const [, scheme, rest = ''] = /^([a-z][a-z\d+.-]+):\/\/(.*)$/is.exec(address) ?? [];
  if (scheme === undefined && address !== '') return { kind: 'directory', path: address };
  if (scheme === 'file') return { kind: 'directory', path: fileURLToPath(address) };
  const [bucket = '', ...parts] = rest.replace(/\/+$/, '').split('/');
  const isBucket = /^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(bucket) && !bucket.endsWith('--x-s3');
  const isPrefix = parts.every((part) => /^(?!\.{1,2}$)[\w!.*'()=-]+$/.test(part));
  if (scheme === 's3' && isBucket && isPrefix)
    return { kind: 's3', bucket, prefix: parts.join('/') };
  const said = address.replace(/\/\/[^/]*@/, '//…@');
  throw new SignpostError('config-invalid', `${JSON.stringify(said)} is no place for objects`, {
    hint: 'Name a directory, or s3://bucket or s3://bucket/prefix of a general purpose bucket; server, region and the like are settings.',
  });
}
