// Which addresses a target may be at. What is not reachable by anybody on the internet is refused unless the target
// allows it: a mistaken or hostile name must not turn the sender against the network that it stands in.
import { BlockList, isIPv4, isIPv6 } from 'node:net';

export const addressKinds = [
  'unspecified',
  'loopback',
  'private',
  'shared',
  'link-local',
  'metadata',
  'multicast',
  'broadcast',
  'documentation',
  'translated',
  'reserved',
] as const;
export type AddressKind = (typeof addressKinds)[number];

/** What a target allows beyond public addresses. */
export interface Allowance {
  /** Loopback, private and shared networks. */
  readonly privateNetworks: boolean;
  /** Ranges like `10.1.0.0/16`. */
  readonly ranges: readonly string[];
}

const privateKinds: ReadonlySet<AddressKind> = new Set(['loopback', 'private', 'shared']);
/** A message to these goes to nobody in particular. */
const never: ReadonlySet<AddressKind> = new Set(['unspecified', 'multicast', 'broadcast']);

/** The first rule that fits tells. IANA's registries of special-purpose addresses, and what clouds tell their machines at. */
const rules: readonly (readonly [AddressKind, readonly string[]])[] = [
  [
    'metadata',
    [
      '169.254.169.254/32', // AWS, Azure, Google, Oracle, DigitalOcean
      '169.254.170.2/32', // AWS ECS
      '169.254.170.23/32', // AWS EKS
      'fd00:ec2::254/128', // AWS
      'fd00:ec2::23/128', // AWS EKS
      'fd20:ce::254/128', // Google
      '100.100.100.200/32', // Alibaba
      '168.63.129.16/32', // Azure
      '192.0.0.192/32', // Oracle
    ],
  ],
  ['broadcast', ['255.255.255.255/32']],
  ['unspecified', ['0.0.0.0/8', '::/128']],
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['private', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7', 'fec0::/10']],
  ['shared', ['100.64.0.0/10']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  [
    'documentation',
    ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32', '3fff::/20'],
  ],
  [
    'translated',
    [
      '192.88.99.0/24', // 6to4 relays
      '::ffff:0:0/96', // mapped
      '::/96', // compatible
      '64:ff9b::/96', // NAT64
      '64:ff9b:1::/48',
      '2001::/32', // Teredo
      '2002::/16', // 6to4
    ],
  ],
  [
    'reserved',
    ['192.0.0.0/24', '198.18.0.0/15', '240.0.0.0/4', '2001::/23', '100::/32', '5f00::/16'],
  ],
];

/** A list apart for each family: one of IPv6 ranges would judge IPv4 addresses by the mapped ones among them. */
const lists = {
  ipv4: rules.map(([kind, ranges]) => [kind, listOf(ranges.filter(isOfIpv4))] as const),
  ipv6: rules.map(([kind, ranges]) => [kind, listOf(ranges.filter((r) => !isOfIpv4(r)))] as const),
};
/** IPv6 that is given out to networks; the rest is not, or not any more. */
const globalUnicast = listOf(['2000::/3']);

/** Undefined for an address that anybody may reach. @param address as a resolver gives it */
export function kindOfAddress(address: string): AddressKind | undefined {
  const plain = withoutZone(address);
  if (isIPv4(plain)) return lists.ipv4.find(([, list]) => list.check(plain, 'ipv4'))?.[0];
  if (!isIPv6(plain)) return 'reserved';
  if (isMapped(plain)) return 'translated';
  const kind = lists.ipv6.find(([, list]) => list.check(plain, 'ipv6'))?.[0];
  return kind ?? (globalUnicast.check(plain, 'ipv6') ? undefined : 'reserved');
}

/** Why `address` must not be connected to; undefined when it may be. */
export function refusalOf(address: string, allowed: Allowance): AddressKind | undefined {
  const kind = kindOfAddress(address);
  if (kind === undefined) return undefined;
  if (never.has(kind)) return kind;
  const isNamed = allowed.ranges.some((range) => covers(range, address, kind));
  if (!isNamed) return allowed.privateNetworks && privateKinds.has(kind) ? undefined : kind;
  // Behind a translated one another is reached, which must be allowed itself.
  const behind = kind === 'translated' ? embeddedIn(address) : undefined;
  return behind === undefined ? undefined : refusalOf(behind, allowed);
}

/** Why `range` is none, or undefined. */
export function rangeFlaw(range: string): string | undefined {
  const [address = '', bits = '', ...rest] = range.split('/');
  const width = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  const isRange = width > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= width;
  return isRange && rest.length === 0
    ? undefined
    : 'must be a range like 10.1.0.0/16 or fd00:1::/48';
}

/** What clouds tell a machine about itself opens the rest of the cloud: it must be named by itself. */
function covers(range: string, address: string, kind: AddressKind): boolean {
  const plain = withoutZone(address);
  const isWhole = range.endsWith(isIPv4(plain) ? '/32' : '/128');
  if (kind === 'metadata' && !isWhole) return false;
  if (isOfIpv4(range) !== isIPv4(plain)) return false;
  return listOf([range]).check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6');
}

function isOfIpv4(range: string): boolean {
  return isIPv4(range.split('/', 1)[0]!);
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits = ''] = range.split('/');
    list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** `%eth0` of a link-local address. */
function withoutZone(address: string): string {
  return address.split('%', 1)[0]!;
}

/** A `BlockList` judges a mapped address by the IPv4 rules, so that it would not find it among the IPv6 ones. */
function isMapped(address: string): boolean {
  return groupsOf(address).slice(0, 6).join() === '0,0,0,0,0,65535';
}

/** The IPv4 address in a mapped, compatible or NAT64 one (its last 32 bits), or in a 6to4 one (those after the prefix). */
function embeddedIn(address: string): string | undefined {
  const plain = withoutZone(address);
  if (isIPv4(plain)) return undefined;
  const groups = groupsOf(plain);
  const [high = 0, low = 0] = groups[0] === 0x2002 ? groups.slice(1, 3) : groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  // A URL writes all forms the same way, in hexadecimal alone.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const first = numbersOf(head);
  if (tail === undefined) return first;
  const last = numbersOf(tail);
  return [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
}

function numbersOf(groups: string): number[] {
  return groups === '' ? [] : groups.split(':').map((group) => Number.parseInt(group, 16));
}
