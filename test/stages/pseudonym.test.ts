// Pseudonyms: stable under one key, told apart by key id, and no error that shows a secret.
import { createHmac, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createPseudonymizer, parsePseudonymKeys } from '../../services/normalize/pseudonym.ts';

const secret = Buffer.alloc(32, 7);
const pseudonymize = createPseudonymizer([{ id: 'k1', secret }]);

test('a pseudonym is the key id and 16 bytes of HMAC-SHA-256', () => {
  const expected = createHmac('sha256', secret).update('C-1001').digest().subarray(0, 16);
  expect(pseudonymize('tickets', 'C-1001')).toBe(`k1:${expected.toString('base64url')}`);
});

test.each([16, 64, 65, 200])(
  "a secret of %i bytes gives what the platform's HMAC gives",
  (size) => {
    const long = randomBytes(size);
    const expected = createHmac('sha256', long).update('é-1').digest().subarray(0, 16);
    expect(createPseudonymizer([{ id: 'k', secret: long }])('a', 'é-1')).toBe(
      `k:${expected.toString('base64url')}`,
    );
  },
);

test('one customer has one pseudonym in every source', () => {
  expect(pseudonymize('tickets', 'C-1001')).toBe(pseudonymize('surveys', 'C-1001'));
  expect(pseudonymize('tickets', 'C-1001')).not.toBe(pseudonymize('tickets', 'C-1002'));
});

test('blanks around an id and its Unicode form make no difference', () => {
  expect(pseudonymize('posts', ' jos\u00e9 ')).toBe(pseudonymize('posts', 'jose\u0301'));
});

test('the first key is the active one', () => {
  const rotated = createPseudonymizer([
    { id: 'k2', secret: Buffer.alloc(16, 9) },
    { id: 'k1', secret },
  ]);
  expect(rotated('tickets', 'C-1001')).toMatch(/^k2:[\w-]{22}$/);
});

test('a secret changed after the start changes no pseudonym', () => {
  const mutable = Buffer.alloc(32, 7);
  const steady = createPseudonymizer([{ id: 'k1', secret: mutable }]);
  mutable.fill(0);
  expect(steady('tickets', 'C-1001')).toBe(pseudonymize('tickets', 'C-1001'));
});

test('no key, a short secret, a bad id and an id given twice are refused', () => {
  expect(() => createPseudonymizer([])).toThrow(/at least one/);
  expect(() => createPseudonymizer([{ id: 'k1', secret: Buffer.alloc(15) }])).toThrow(/15 bytes/);
  expect(() => createPseudonymizer([{ id: 'k:1', secret }])).toThrow(/id must be/);
  expect(() =>
    createPseudonymizer([
      { id: 'k1', secret },
      { id: 'k1', secret },
    ]),
  ).toThrow(/twice/);
});

test('keys are read from text, the active first, in either base64 alphabet', () => {
  const one = Buffer.alloc(16, 0xfb);
  const keys = parsePseudonymKeys(
    ` k1:${one.toString('base64')}, k0:${one.toString('base64url')} `,
  );
  expect(keys.map(({ id }) => id)).toEqual(['k1', 'k0']);
  expect(keys.map((key) => Buffer.from(key.secret).equals(one))).toEqual([true, true]);
});

test.each([
  ['', /empty/],
  ['SECRETSECRETSECRETSECRET', /entry 1 is not of the form/],
  ['k1:SECRET!SECRETSECRETSECRET', /'k1'.*not base64/],
  ['k1:c2hvcnQ=', /5 bytes/],
  ['k1:QUJDREVGR0hJSktMTU5PUA==,', /entry 2/],
  ['bad id:QUJDREVGR0hJSktMTU5PUA==', /entry 1 has an id/],
])('the keys %j are refused without showing a secret', (text, message) => {
  const read = () => parsePseudonymKeys(text);
  expect(read).toThrow(message);
  expect(read).not.toThrow(/SECRET|c2hvcnQ|QUJDREVG/);
});

test('no random key can be told from the error it causes', () => {
  const encoded = randomBytes(12).toString('base64');
  expect(() => parsePseudonymKeys(`k1:${encoded}`)).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining(encoded) }),
  );
});
