// Where objects are: addresses and settings that a person writes.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { checkConfig } from '../../services/core/config.ts';
import { s3Config } from '../../services/core/objects/config.ts';
import { openObjectStore, readAddress } from '../../services/core/objects/open-store.ts';
import { decoded, encoded } from '../support/objects.ts';

describe('the address of objects', () => {
  it.each([
    ['s3://insights', { kind: 's3', bucket: 'insights', prefix: '' }],
    ['s3://insights/', { kind: 's3', bucket: 'insights', prefix: '' }],
    ['s3://my.bucket-1/a/b=c/', { kind: 's3', bucket: 'my.bucket-1', prefix: 'a/b=c' }],
    ['archive', { kind: 'directory', path: 'archive' }],
    ['/data/s3:/archive', { kind: 'directory', path: '/data/s3:/archive' }],
    ['file:///data/my%20archive', { kind: 'directory', path: '/data/my archive' }],
  ])('%s is understood', (address, place) => {
    expect(readAddress(address)).toEqual(place);
  });

  it.each([
    '',
    's3://',
    's3://UPPER',
    's3://b',
    's3://bucket/../etc',
    's3://bucket//a',
    's3://bucket/a b',
    's3://bucket/a?region=x',
    's3://express--use1-az4--x-s3',
    'gs://bucket/a',
    'https://bucket.s3.amazonaws.com',
  ])('%s is refused with what it may be', (address) => {
    expect(() => readAddress(address)).toThrow(
      expect.objectContaining({ code: 'config-invalid', hint: expect.stringContaining('s3://') }),
    );
  });

  it('with a password in it is refused without saying it', () => {
    expect(() => readAddress('s3://key:secret@bucket/a')).toThrow('"s3://…@bucket/a" is no place');
  });

  it('of a directory opens one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'signpost-objects-'));
    const store = await openObjectStore(join(folder, 'made'));
    await store.put('a/b', encoded('x'));
    await store.close();
    const again = await openObjectStore(pathToFileURL(join(folder, 'made')).href, {
      access: 'read',
    });
    expect(decoded((await again.get('a/b'))?.bytes)).toBe('x');
    await again.close();
    rmSync(folder, { recursive: true });
  });
});

describe('the settings of S3', () => {
  it.each(['https://host', 'http://127.0.0.1:7070', 'http://s3:7070/'])('take %s', (endpoint) => {
    expect(s3Config.parse({ endpoint })).toEqual({ endpoint, swap: 'auto' });
  });

  it.each(['host:7070', 'ftp://host', 'https://host/bucket', 'https://key:secret@host'])(
    'refuse the endpoint %s and do not repeat it',
    (endpoint) => {
      const check = (): unknown => checkConfig(s3Config, { endpoint }, 'signpost.yaml');
      expect(check).toThrow(/endpoint: must be an address like https:\/\/host:port/);
      expect(check).not.toThrow(/key:secret/);
    },
  );

  it('know no place for credentials', () => {
    expect(() => checkConfig(s3Config, { secretAccessKey: 'x' }, 'signpost.yaml')).toThrow(
      /there is no setting secretAccessKey/,
    );
  });
});
