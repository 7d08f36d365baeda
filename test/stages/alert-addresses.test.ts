// Which addresses alerts are sent to: a corpus of those that a hostile or mistaken name may lead to.
import { describe, expect, it } from 'vitest';
import {
  kindOfAddress,
  rangeFlaw,
  refusalOf,
  type AddressKind,
} from '../../services/alert/deliver/addresses.ts';
import { guardedAddresses } from '../../services/alert/deliver/connect-guard.ts';
import { hostnameOf, urlFlaw } from '../../services/alert/deliver/target-url.ts';

const nothing = { privateNetworks: false, ranges: [] };
const privateToo = { privateNetworks: true, ranges: [] };

const corpus: readonly (readonly [AddressKind, readonly string[]])[] = [
  ['loopback', ['127.0.0.1', '127.1.2.3', '127.255.255.255', '::1', '0:0:0:0:0:0:0:1']],
  [
    'private',
    [
      '10.0.0.0',
      '10.255.255.255',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.0.1',
      'fc00::1',
      'fdff::1',
      'fec0::1',
    ],
  ],
  ['shared', ['100.64.0.1', '100.127.255.255']],
  ['link-local', ['169.254.0.1', '169.254.255.255', 'fe80::1', 'fe80::1%eth0', 'febf::1']],
  [
    'metadata',
    [
      '169.254.169.254',
      '169.254.170.2',
      '100.100.100.200',
      '168.63.129.16',
      '192.0.0.192',
      'fd00:ec2::254',
      'fd20:ce::254',
    ],
  ],
  ['unspecified', ['0.0.0.0', '0.1.2.3', '::', '0:0:0:0:0:0:0:0']],
  ['broadcast', ['255.255.255.255']],
  ['multicast', ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1']],
  [
    'documentation',
    ['192.0.2.1', '198.51.100.1', '203.0.113.255', '2001:db8::1', '3fff::1', '3fff:fff::1'],
  ],
  [
    'translated',
    [
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      '::ffff:8.8.8.8',
      '0:0:0:0:0:ffff:a00:1',
      '::127.0.0.1',
      '64:ff9b::127.0.0.1',
      '64:ff9b::a9fe:a9fe',
      '64:ff9b:1::1',
      '2002:7f00:1::',
      '2002:a9fe:a9fe::1',
      '2001::1',
      '192.88.99.1',
    ],
  ],
  [
    'reserved',
    [
      '192.0.0.1',
      '198.18.0.1',
      '198.19.255.255',
      '240.0.0.1',
      '254.1.1.1',
      '2001:2::1',
      '2001:20::1',
      '100::1',
      '5f00::1',
      '4000::1',
      '1::1',
      'nonsense',
    ],
  ],
];
const cases = corpus.flatMap(([kind, addresses]) =>
  addresses.map((address) => [address, kind] as const),
);

describe('an address', () => {
  it.each(cases)('%s is %s, and refused', (address, kind) => {
    expect(kindOfAddress(address)).toBe(kind);
    expect(refusalOf(address, nothing)).toBe(kind);
  });

  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.1',
    '172.15.255.255',
    '172.32.0.1',
    '192.167.255.255',
    '192.169.0.1',
    '11.0.0.1',
    '126.255.255.255',
    '128.0.0.1',
    '169.253.255.255',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450::1',
    '2003::1',
    '2001:200::1',
  ])('%s is on the internet, and allowed', (address) => {
    expect(refusalOf(address, nothing)).toBeUndefined();
  });

  it('of a private network is allowed where private networks are, and nothing else is', () => {
    const allowed = cases.filter(([address]) => refusalOf(address, privateToo) === undefined);
    expect(new Set(allowed.map(([, kind]) => kind))).toEqual(
      new Set(['loopback', 'private', 'shared']),
    );
  });

  it('is allowed by a range, those outside of it are not', () => {
    const allowed = { privateNetworks: false, ranges: ['10.1.0.0/16', 'fd00:1::/32'] };
    expect(refusalOf('10.1.2.3', allowed)).toBeUndefined();
    expect(refusalOf('fd00:1::5', allowed)).toBeUndefined();
    expect(refusalOf('10.2.0.1', allowed)).toBe('private');
    expect(refusalOf('127.0.0.1', allowed)).toBe('loopback');
    expect(refusalOf('fd00:2::5', allowed)).toBe('private');
  });

  it('that clouds tell secrets at is allowed by its own name alone', () => {
    const named = { privateNetworks: true, ranges: ['169.254.169.254/32'] };
    const around = { privateNetworks: true, ranges: ['169.254.0.0/16', '0.0.0.0/0'] };
    expect(refusalOf('169.254.169.254', named)).toBeUndefined();
    expect(refusalOf('169.254.169.254', around)).toBe('metadata');
    expect(refusalOf('169.254.1.1', around)).toBeUndefined();
  });

  it.each(['0.0.0.0', '::', '255.255.255.255', '224.0.0.1', 'ff02::1'])(
    'that is nobody in particular, %s, is allowed by nothing',
    (address) => {
      const all = { privateNetworks: true, ranges: ['0.0.0.0/0', '::/0', `${address}/32`] };
      expect(refusalOf(address, all)).toBeDefined();
    },
  );

  it('behind a translated one must be allowed itself', () => {
    const nat64 = { privateNetworks: false, ranges: ['64:ff9b::/96'] };
    expect(refusalOf('64:ff9b::8.8.8.8', nat64)).toBeUndefined();
    expect(refusalOf('64:ff9b::10.0.0.1', nat64)).toBe('private');
    expect(refusalOf('64:ff9b::a9fe:a9fe', nat64)).toBe('metadata');
    const sixToFour = { privateNetworks: false, ranges: ['2002::/16'] };
    expect(refusalOf('2002:7f00:1::', sixToFour)).toBe('loopback');
    expect(refusalOf('2002:808:808::', sixToFour)).toBeUndefined();
    const mapped = { privateNetworks: false, ranges: ['::ffff:0:0/96'] };
    expect(refusalOf('::ffff:10.0.0.1', mapped)).toBe('private');
  });
});

describe('a range', () => {
  it.each(['10.0.0.0/8', '0.0.0.0/0', '::1/128', 'fd00::/8'])('%s is one', (range) => {
    expect(rangeFlaw(range)).toBeUndefined();
  });
  it.each([
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0/8',
    'fd00::/129',
    '/8',
    '10.0.0.0/8/8',
    '10.0.0.0/x',
  ])('%s is none', (range) => {
    expect(rangeFlaw(range)).toContain('10.1.0.0/16');
  });
});

describe('the address of a target', () => {
  it.each([
    ['http://2130706433/', '127.0.0.1'],
    ['http://0x7f000001/', '127.0.0.1'],
    ['http://0x7f.0.0.1/', '127.0.0.1'],
    ['http://0177.0.0.1/', '127.0.0.1'],
    ['http://127.1/', '127.0.0.1'],
    ['http://127.0.0.1./', '127.0.0.1'],
    ['http://0/', '0.0.0.0'],
    ['http://3232235521/', '192.168.0.1'],
    ['http://①⑥⑨.②⑤④.①⑥⑨.②⑤④/', '169.254.169.254'],
    ['http://[::ffff:127.0.0.1]/', '::ffff:7f00:1'],
    ['http://[::1]/', '::1'],
    ['http://[0:0:0:0:0:0:0:1]:80/', '::1'],
  ])('%s is judged as what it is, %s', async (text, hostname) => {
    expect(urlFlaw(text)).toBeUndefined();
    expect(hostnameOf(new URL(text))).toBe(hostname);
    const never = () => Promise.reject(new Error('An address needs no resolver'));
    expect(await guardedAddresses(hostname, nothing, never)).toMatchObject({ ok: false });
  });

  it('is known without the full stop at its end', () => {
    expect(hostnameOf(new URL('https://hooks.example./x'))).toBe('hooks.example');
  });

  it.each([
    ['hooks.example', 'like https://'],
    ['ftp://hooks.example/', 'https://'],
    ['file:///etc/passwd', 'https://'],
    ['javascript:alert(1)', 'https://'],
    ['https://sesame:open@hooks.example/', 'no user or password'],
    ['https://hooks.example@10.0.0.1/', 'no user or password'],
    ['https://hooks.example/#part', '#'],
    ['http://[::1/', 'like https://'],
  ])('%s is none', (text, flaw) => {
    expect(urlFlaw(text)).toContain(flaw);
    expect(urlFlaw(text)).not.toContain('sesame');
  });
});

describe('a name', () => {
  it('of which one address is not allowed is not used, whatever the others are', async () => {
    const resolve = async () => [
      { address: '8.8.8.8', family: 4 } as const,
      { address: '10.0.0.1', family: 4 } as const,
    ];
    expect(await guardedAddresses('both.example', nothing, resolve)).toEqual({
      ok: false,
      kind: 'private',
      address: '10.0.0.1',
    });
  });
});
