// infra/terraform/archive, evaluated by its own language: what S3 would be told to remove and to keep, for the variables given.
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hiddenFolder } from '#core/objects/keys.ts';
import { oldVersionsOf } from '#core/objects/old-versions.ts';
import { erasureDeadlineMs } from '#core/topic.ts';
import { datasetNames, insights } from '../../services/archive/datasets.ts';
import {
  chunkKey,
  chunkFileKey,
  erasuresPrefix,
  keeperLeaseKey,
  manifestKey,
  symlinksKey,
} from '../../services/archive/layout.ts';
import { statementsOf } from '../support/iam-policy.ts';
import { readTerraform, resourceOf, type TerraformModule } from '../support/terraform-module.ts';

const folder = 'infra/terraform/archive';
const read = (variables: Readonly<Record<string, unknown>> = {}): Promise<TerraformModule> =>
  readTerraform(folder, { bucket_name: 'acme-archive', ...variables });

const one = <T extends z.ZodType>(schema: T) => z.tuple([schema]).transform(([only]) => only);
const rule = z.object({
  id: z.string(),
  status: z.literal('Enabled'),
  filter: one(z.object({ prefix: z.string() })),
  expiration: one(
    z.object({
      days: z.number().nullable(),
      expired_object_delete_marker: z.boolean().nullable(),
    }),
  ).optional(),
  noncurrent_version_expiration: one(z.object({ noncurrent_days: z.number() })).optional(),
  abort_incomplete_multipart_upload: one(
    z.object({ days_after_initiation: z.number() }),
  ).optional(),
  transition: z.array(z.object({ days: z.number(), storage_class: z.string() })).optional(),
});

async function rulesFor(variables: Readonly<Record<string, unknown>> = {}) {
  const body = resourceOf(await read(variables), 'aws_s3_bucket_lifecycle_configuration');
  return z.array(rule).parse(body['rule']);
}

/** Days until nothing is left of an object that is replaced, deleted or expired at once. S3 counts from the next midnight, and acts within a day. */
const afterVersionDays = (noncurrentDays: number): number => noncurrentDays + 2;

describe('what is removed, and when', () => {
  test('everything the archive writes loses its old versions within the deadline', async () => {
    const rules = await rulesFor({ erasure_days: 30, noncurrent_days: 27 });
    const day = '2026-11-22';
    const range = { topic: insights.topic.name, partition: 3, from: 0, to: 9 };
    const keys = [
      ...datasetNames.flatMap((name) => {
        const dataset = { name, version: 1 } as const;
        return [
          chunkFileKey(dataset, day, range),
          manifestKey(dataset, day),
          symlinksKey(dataset, day),
        ];
      }),
      chunkKey(range),
      keeperLeaseKey,
      `${erasuresPrefix}one.json`,
      `${hiddenFolder}/swaps/one`,
    ];
    for (const key of keys) {
      const days = rules
        .filter(({ filter }) => key.startsWith(filter.prefix))
        .flatMap((each) => each.noncurrent_version_expiration?.noncurrent_days ?? []);
      expect({ key, days }).toEqual({ key, days: [expect.any(Number)] });
      expect(afterVersionDays(days[0]!)).toBeLessThan(30);
    }
  });

  test('rejected records expire when the archive has had the time to do it, their versions soon after', async () => {
    for (const variables of [{}, { erasure_days: 7, noncurrent_days: 4 }]) {
      const rules = await rulesFor(variables);
      const found = rules.find(({ filter }) => filter.prefix === 'rejected/')!;
      expect(found).toMatchObject({
        expiration: { days: erasureDeadlineMs / 86_400_000 },
        noncurrent_version_expiration: { noncurrent_days: 1 },
      });
    }
  });

  test('nothing but rejected records expires, and delete markers go', async () => {
    for (const { id, expiration } of await rulesFor()) {
      if (expiration === undefined || id === 'versions-rejected') continue;
      expect({ id, ...expiration }).toEqual({ id, days: null, expired_object_delete_marker: true });
    }
  });

  test('uploads that never ended are aborted after a day, under the prefix too', async () => {
    for (const prefix of ['', 'signpost/']) {
      const rules = await rulesFor({ prefix });
      const aborting = rules.filter((each) => each.abort_incomplete_multipart_upload !== undefined);
      expect(aborting).toMatchObject([
        { filter: { prefix }, abort_incomplete_multipart_upload: { days_after_initiation: 1 } },
      ]);
      for (const { filter } of rules) expect(filter.prefix.startsWith(prefix)).toBe(true);
    }
  });

  test('old days go where it was asked, their manifests do not', async () => {
    const colder = { signals: [{ days: 90, storage_class: 'GLACIER_IR' }] };
    const moving = (await rulesFor({ colder })).filter((each) => each.transition !== undefined);
    expect(moving).toMatchObject([
      { filter: { prefix: 'signals/v1/day=' }, transition: colder.signals },
    ]);
    expect((await rulesFor()).some((each) => each.transition !== undefined)).toBe(false);
  });
});

describe('a legal hold', () => {
  test('keeps every version of the datasets it names, and of no other', async () => {
    const held = ['alerts', 'rejected'];
    const rules = await rulesFor({ legal_hold: held });
    const removing = rules.filter((each) => each.noncurrent_version_expiration !== undefined);
    const names = removing.map(({ filter }) => filter.prefix.split('/')[0]!);
    expect(names).not.toContain('alerts');
    expect(names).not.toContain('rejected');
    expect(names).toEqual(
      expect.arrayContaining(datasetNames.filter((each) => !held.includes(each))),
    );
  });

  test('forbids to delete versions by hand, whoever asks', async () => {
    const bucket = resourceOf(await read(), 'aws_s3_bucket');
    expect(bucket['object_lock_enabled']).toBe(true);
    expect(statementsOf(await read(), 'bucket').map(({ sid }) => sid)).not.toContain('LegalHold');
    const held = statementsOf(await read({ legal_hold: ['alerts'] }), 'bucket');
    expect(held.find(({ sid }) => sid === 'LegalHold')).toMatchObject({
      effect: 'Deny',
      actions: ['s3:DeleteObjectVersion'],
      resources: ['aws_s3_bucket.archive.arn/alerts/*'],
    });
  });
});

test('what erasures are told of old versions is what the module says of its last copies', async () => {
  const variables = { legal_hold: ['alerts'], noncurrent_days: 5 };
  const rules = (await rulesFor(variables)).map((each) => ({
    ID: each.id,
    Status: each.status,
    Filter: { Prefix: each.filter.prefix },
    ...(each.noncurrent_version_expiration && {
      NoncurrentVersionExpiration: {
        NoncurrentDays: each.noncurrent_version_expiration.noncurrent_days,
      },
    }),
  }));
  const { blocks } = await read(variables);
  const output = blocks.find(
    ({ type, labels }) => type === 'output' && labels?.[0] === 'last_copy_days',
  );
  const told = datasetNames.map((name) => {
    const found = oldVersionsOf({ versions: true, rules, lockDays: 0 }, `${name}/`);
    return [name, found.kind === 'days' ? found.days : null] as const;
  });
  expect(Object.fromEntries(told)).toEqual(output!.body['value']);
  expect(Object.fromEntries(told)).toMatchObject({ alerts: null, signals: 7, rejected: 3 });
});

describe('variables', () => {
  test('each is described, and knows the datasets there are', async () => {
    const module = await read();
    for (const { name, description, validations } of module.variables) {
      expect(description).toMatch(/^[A-Z].{10,}/s);
      expect({ name, validates: validations > 0 }).toEqual({ name, validates: name !== 'tags' });
    }
    expect(module.refusals).toEqual({});
    const all = await read({ legal_hold: datasetNames });
    expect(all.refusals).toEqual({});
  });

  test.each([
    ['noncurrent_days', { noncurrent_days: 28 }],
    ['noncurrent_days', { noncurrent_days: 7, erasure_days: 9 }],
    ['noncurrent_days', { noncurrent_days: 0 }],
    ['erasure_days', { erasure_days: 6, noncurrent_days: 1 }],
    ['bucket_name', { bucket_name: 'Acme' }],
    ['prefix', { prefix: '/signpost' }],
    ['prefix', { prefix: 'signpost' }],
    ['kms_key_arn', { kms_key_arn: 'alias/mine' }],
    ['legal_hold', { legal_hold: ['insight'] }],
    ['reader_datasets', { reader_datasets: ['rejected'] }],
    ['reader_datasets', { reader_datasets: [] }],
    ['colder', { colder: { rejected: [{ days: 30, storage_class: 'STANDARD_IA' }] } }],
    ['colder', { colder: { signals: [{ days: 90, storage_class: 'DEEP_ARCHIVE' }] } }],
    ['colder', { colder: { signals: [{ days: 10, storage_class: 'STANDARD_IA' }] } }],
  ])('%s is refused with what is allowed: %j', async (name, variables) => {
    const { refusals } = await read(variables);
    expect(Object.keys(refusals)).toEqual([name]);
    expect(refusals[name]).toEqual([expect.stringMatching(/^.{20,}\.$/s)]);
  });

  test('the example gives what the module asks for', async () => {
    const { variables } = await read();
    const example = await readTerraform(`${folder}/example`);
    const call = example.blocks.find(({ type }) => type === 'module')!.body;
    const { source, ...given } = call;
    expect(source).toBe('../');
    const names = variables.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(given)));
    const required = variables.filter((each) => each.required).map(({ name }) => name);
    expect(Object.keys(given)).toEqual(expect.arrayContaining(required));
    const { refusals } = await readTerraform(folder, given);
    expect(refusals).toEqual({});
  });
});
