// What may be the key of an object, in every store alike: keys come out of manifests too, which anyone who may write to a
// bucket can have written, and must not lead out of the directory they are looked for in.
import { Buffer } from 'node:buffer';
import { SignpostError } from '../errors.ts';

/** First part of no key: a directory keeps there what is being written. */
export const hiddenFolder = '.signpost';

const mostBytes = 1024;

/** @throws SignpostError `objects-key-invalid` */
export function checkKey(key: string): void {
  const parts = key.split('/');
  const isWrong =
    Buffer.byteLength(key) > mostBytes ||
    !key.isWellFormed() ||
    parts[0] === hiddenFolder ||
    parts.some(
      (part) => part === '' || part === '.' || part === '..' || /[\\\0-\x1f\x7f]/.test(part),
    );
  if (!isWrong) return;
  throw new SignpostError(
    'objects-key-invalid',
    `${JSON.stringify(key)} cannot be an object's key`,
    {
      hint: 'A key is parts joined by slashes, none of them empty, "." or "..", without backslashes or control characters, at most 1,024 bytes.',
    },
  );
}

/** What keys are listed by: the beginning of one. @throws SignpostError `objects-key-invalid` */
export function checkPrefix(prefix: string): void {
  checkKey(`${prefix}x`);
}

/** The order of keys in every list: that of their UTF-8 bytes. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
