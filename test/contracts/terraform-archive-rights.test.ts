// infra/terraform/archive, evaluated by its own language: how closed the bucket is, and who may do what with it.
import { describe, expect, test } from 'vitest';
import { hiddenFolder } from '#core/objects/keys.ts';
import { readAddress } from '#core/objects/open-store.ts';
import { datasetNames } from '../../services/archive/datasets.ts';
import { chunkKey, keeperLeaseKey } from '../../services/archive/layout.ts';
import { isAllowed, statementsOf } from '../support/iam-policy.ts';
import { readTerraform, resourceOf, type TerraformModule } from '../support/terraform-module.ts';

const read = (variables: Readonly<Record<string, unknown>> = {}): Promise<TerraformModule> =>
  readTerraform('infra/terraform/archive', { bucket_name: 'acme-archive', ...variables });

const sidsOf = (module: TerraformModule): string[] =>
  statementsOf(module, 'bucket').map(({ sid }) => sid);

describe('the bucket', () => {
  test.each([
    ['', 's3://acme-archive'],
    ['signpost/', 's3://acme-archive/signpost'],
  ])('with the prefix "%s" is told as the archive knows it', async (prefix, address) => {
    const { blocks } = await read({ prefix });
    const output = blocks.find(
      ({ type, labels }) => type === 'output' && labels?.[0] === 'address',
    );
    expect(output!.body['value']).toBe(address);
    expect(readAddress(address)).toMatchObject({ kind: 's3', bucket: 'acme-archive' });
  });

  test('keeps versions, is closed to the public and owned by one', async () => {
    const module = await read();
    expect(resourceOf(module, 'aws_s3_bucket_versioning')).toMatchObject({
      versioning_configuration: [{ status: 'Enabled' }],
    });
    expect(resourceOf(module, 'aws_s3_bucket_public_access_block')).toMatchObject({
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    });
    expect(resourceOf(module, 'aws_s3_bucket_ownership_controls')).toMatchObject({
      rule: [{ object_ownership: 'BucketOwnerEnforced' }],
    });
    expect(resourceOf(module, 'aws_s3_bucket')).toMatchObject({
      force_destroy: false,
      lifecycle: [{ prevent_destroy: true }],
    });
  });

  test('is encrypted by keys of S3, or by the one that is given', async () => {
    const kind = 'aws_s3_bucket_server_side_encryption_configuration';
    const key = 'arn:aws:kms:eu-central-1:123456789012:key/1234';
    const byDefault = { sse_algorithm: 'AES256', kms_master_key_id: null };
    const byKey = { sse_algorithm: 'aws:kms', kms_master_key_id: key };
    expect(resourceOf(await read(), kind)).toMatchObject({
      rule: [{ apply_server_side_encryption_by_default: [byDefault] }],
    });
    expect(resourceOf(await read({ kms_key_arn: key }), kind)).toMatchObject({
      rule: [{ bucket_key_enabled: true, apply_server_side_encryption_by_default: [byKey] }],
    });
  });

  test('answers TLS 1.2 and newer alone', async () => {
    expect(sidsOf(await read())).toEqual(['TlsOnly', 'Tls12AtLeast']);
    expect(statementsOf(await read(), 'bucket')).toMatchObject([
      {
        effect: 'Deny',
        actions: ['s3:*'],
        condition: [{ test: 'Bool', variable: 'aws:SecureTransport', values: ['false'] }],
      },
      {
        effect: 'Deny',
        actions: ['s3:*'],
        condition: [{ test: 'NumericLessThan', variable: 's3:TlsVersion', values: ['1.2'] }],
      },
    ]);
  });
});

describe('rights', () => {
  const arn = 'aws_s3_bucket.archive.arn';
  const keyOf = (name: string): string => `${arn}/signpost/${name}/v1/day=2026-11-22/a.parquet`;

  test('the stage writes, reads, lists and takes away under its prefixes alone', async () => {
    const writer = statementsOf(await read({ prefix: 'signpost/' }), 'writer');
    for (const action of ['s3:GetObject', 's3:PutObject', 's3:DeleteObject']) {
      for (const name of datasetNames) expect(isAllowed(writer, action, keyOf(name))).toBe(true);
      for (const key of [
        chunkKey({ topic: 't', partition: 0, from: 0 }),
        keeperLeaseKey,
        `${hiddenFolder}/store.json`,
      ])
        expect(isAllowed(writer, action, `${arn}/signpost/${key}`)).toBe(true);
      expect(isAllowed(writer, action, `${arn}/payroll/a.csv`)).toBe(false);
    }
    // A store is opened by listing its root, and tells a missing object from a forbidden one by this right.
    expect(isAllowed(writer, 's3:ListBucket', arn)).toBe(true);
  });

  test('nobody may remove a version, unlock one or change the rules', async () => {
    const module = await read();
    const changing = [
      's3:DeleteObjectVersion',
      's3:PutLifecycleConfiguration',
      's3:PutBucketVersioning',
      's3:BypassGovernanceRetention',
    ];
    for (const name of ['writer', 'reader', 'operator', 'hold'])
      for (const action of changing)
        for (const on of [arn, `${arn}/insights/v1/a`])
          expect(isAllowed(statementsOf(module, name), action, on)).toBe(false);
  });

  test('data teams read what is safe to share, and nothing of rejected records', async () => {
    const reader = statementsOf(await read({ prefix: 'signpost/' }), 'reader');
    for (const name of datasetNames) {
      const isSafe = name !== 'rejected';
      expect(isAllowed(reader, 's3:GetObject', keyOf(name))).toBe(isSafe);
      expect(isAllowed(reader, 's3:ListBucket', arn, `signpost/${name}/v1/`)).toBe(isSafe);
      expect(isAllowed(reader, 's3:PutObject', keyOf(name))).toBe(false);
      expect(isAllowed(reader, 's3:DeleteObject', keyOf(name))).toBe(false);
    }
    const generous = [
      ...reader,
      { sid: 'All', effect: 'Allow' as const, actions: ['s3:*'], resources: ['*'], condition: [] },
    ];
    expect(isAllowed(generous, 's3:GetObject', keyOf('rejected'))).toBe(false);
    expect(isAllowed(generous, 's3:GetObjectVersion', keyOf('insights'))).toBe(false);
  });

  test('a data team may be given fewer datasets', async () => {
    const reader = statementsOf(await read({ reader_datasets: ['alerts'] }), 'reader');
    expect(isAllowed(reader, 's3:GetObject', `${arn}/alerts/v1/a`)).toBe(true);
    expect(isAllowed(reader, 's3:GetObject', `${arn}/insights/v1/a`)).toBe(false);
  });

  test('an operator does what the stage does, and sees when the last copy goes', async () => {
    const operator = statementsOf(await read({ prefix: 'signpost/' }), 'operator');
    expect(isAllowed(operator, 's3:PutObject', keyOf('insights'))).toBe(true);
    for (const action of ['s3:GetLifecycleConfiguration', 's3:ListBucketVersions'])
      expect(isAllowed(operator, action, arn)).toBe(true);
    expect(isAllowed(operator, 's3:GetObjectLegalHold', keyOf('insights'))).toBe(true);
    expect(isAllowed(operator, 's3:PutObjectLegalHold', keyOf('insights'))).toBe(false);
  });
});
