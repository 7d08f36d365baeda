// What is told of old versions: never gone earlier than a bucket removes them, and no hold passed over.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { LifecycleRule } from '@aws-sdk/client-s3';
import { s3Config } from '#core/objects/config.ts';
import { oldVersionsOf, readOldVersions } from '#core/objects/old-versions.ts';

const after = (days: number, prefix: string, more: Partial<LifecycleRule> = {}): LifecycleRule => ({
  Status: 'Enabled',
  Filter: { Prefix: prefix },
  NoncurrentVersionExpiration: { NoncurrentDays: days },
  ...more,
});
const told = (rules: readonly LifecycleRule[], lockDays = 0) =>
  oldVersionsOf({ versions: true, rules, lockDays }, 'signpost/signals/');

describe('of a bucket with versions', () => {
  test('they go two days after the soonest rule for the prefix', () => {
    expect(told([after(7, 'signpost/signals/'), after(3, 'signpost/')])).toEqual({
      kind: 'days',
      days: 5,
    });
    expect(told([after(7, '')])).toEqual({ kind: 'days', days: 9 });
    const legacy = after(7, '', { Filter: undefined, Prefix: 'signpost/' });
    expect(told([legacy])).toEqual({ kind: 'days', days: 9 });
  });

  test('a lock of all that is written goes before a rule', () => {
    expect(told([after(7, '')], 365)).toEqual({ kind: 'days', days: 367 });
  });

  test.each([
    ['no rule', []],
    ['a rule for others', [after(7, 'signpost/insights/')]],
    ['a rule for a part of the prefix', [after(7, 'signpost/signals/v1/day=2026-11-22/')]],
    ['a rule that is off', [after(7, '', { Status: 'Disabled' })]],
    ['a rule for some sizes', [after(7, '', { Filter: { Prefix: '', ObjectSizeLessThan: 9 } })]],
    ['a rule for a tag', [after(7, '', { Filter: { Tag: { Key: 'a', Value: 'b' } } })]],
    [
      'a rule that spares some versions',
      [
        after(7, '', {
          NoncurrentVersionExpiration: { NoncurrentDays: 7, NewerNoncurrentVersions: 1 },
        }),
      ],
    ],
    ['a rule of current versions', [{ Status: 'Enabled', Expiration: { Days: 1 } } as const]],
  ])('with %s they are kept', (_, rules) => {
    expect(told(rules)).toEqual({ kind: 'kept' });
  });
});

describe('asked of a server', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** Answers by the question, `versioning`, `lifecycle` or `object-lock`: a status and a body. */
  async function ask(answers: Readonly<Record<string, readonly [number, string]>>) {
    server = createServer((request, response) => {
      const question = [...new URL(request.url!, 'http://s3').searchParams.keys()][0]!;
      const [status, body] = answers[question] ?? [500, ''];
      response.writeHead(status, { 'content-type': 'application/xml' }).end(body);
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return readOldVersions('s3://acme-archive/signpost', ['signals/', 'alerts/'], {
      s3: s3Config.parse({ endpoint: `http://127.0.0.1:${port}` }),
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      patienceMs: 500,
    });
  }
  const error = (code: string): string =>
    `<Error><Code>${code}</Code><Message>no</Message></Error>`;
  const on = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';

  test('each prefix is told by its rules', async () => {
    const lifecycle =
      '<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter><Prefix>signpost/signals/</Prefix></Filter>' +
      '<NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays></NoncurrentVersionExpiration></Rule></LifecycleConfiguration>';
    const found = await ask({
      versioning: [200, on],
      lifecycle: [200, lifecycle],
      'object-lock': [404, error('ObjectLockConfigurationNotFoundError')],
    });
    expect([...found]).toEqual([
      ['signals/', { kind: 'days', days: 9 }],
      ['alerts/', { kind: 'kept' }],
    ]);
  });

  test('a bucket with versions and without rules keeps them', async () => {
    const found = await ask({
      versioning: [200, on],
      lifecycle: [404, error('NoSuchLifecycleConfiguration')],
      'object-lock': [404, error('ObjectLockConfigurationNotFoundError')],
    });
    expect(found.get('signals/')).toEqual({ kind: 'kept' });
  });

  test('one that never had versions has none', async () => {
    const found = await ask({ versioning: [200, '<VersioningConfiguration/>'] });
    expect(found.get('signals/')).toEqual({ kind: 'none' });
  });

  test.each([
    ['no right to ask', [403, error('AccessDenied')] as const],
    ['a server that does not know', [501, error('NotImplemented')] as const],
    ['a server that is away', [503, error('SlowDown')] as const],
  ])('%s is told as unknown, with the reason', async (_, versioning) => {
    const found = await ask({ versioning });
    expect(found.get('alerts/')).toMatchObject({
      kind: 'unknown',
      reason: expect.stringContaining('s3://acme-archive: cannot ask for its versioning'),
    });
  });
});

test('a directory has none', async () => {
  const found = await readOldVersions('/srv/archive', ['signals/']);
  expect([...found]).toEqual([['signals/', { kind: 'none' }]]);
});
