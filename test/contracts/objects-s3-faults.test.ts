// Objects in a real S3 over a way that loses requests and answers: each write is done once, or said not to be.
import { inspect } from 'node:util';
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ObjectStore } from '../../services/core/objects/port.ts';
import { openS3Store, type S3Options } from '../../services/core/objects/s3.ts';
import { openFaultyWay, type Fault, type FaultyWay, type Passing } from '../support/faulty-way.ts';
import { startIgnorantS3, type Honoured } from '../support/ignorant-s3.ts';
import { decoded, encoded, increment, listed } from '../support/objects.ts';
import { newBucket } from '../support/s3-bucket.ts';

const busy = { status: 503, code: 'SlowDown' } as const;
const lossy = { patienceMs: 20_000, idleMs: 400, helpAfterMs: 300 };
const partsFrom = { sizes: { fromBytes: 6 * 2 ** 20, partBytes: 5 * 2 ** 20 } };
const isPut = ({ method }: Passing): boolean => method === 'PUT';
const isOf =
  (key: string, method?: string) =>
  (passing: Passing): boolean =>
    passing.url.includes(`/archive/${key}`) && (method ?? passing.method) === passing.method;

describe('objects in S3 over a way that fails', () => {
  let bucket: S3Options;
  let way: FaultyWay;
  let raw: S3Client;
  const opened: ObjectStore[] = [];

  beforeAll(async () => {
    bucket = await newBucket();
    const { endpoint, region, credentials } = bucket;
    raw = new S3Client({
      endpoint: endpoint!,
      region: region!,
      credentials: credentials!,
      forcePathStyle: true,
    });
  });
  afterAll(() => raw?.destroy());
  beforeEach(async () => {
    way = await openFaultyWay(bucket.endpoint!);
  });
  afterEach(async () => {
    vi.useRealTimers();
    for (const store of opened.splice(0)) await store.close();
    await way.close();
  });

  async function open(options: Partial<S3Options> = {}): Promise<ObjectStore> {
    const store = await openS3Store({ ...bucket, endpoint: way.endpoint, ...lossy, ...options });
    opened.push(store);
    return store;
  }
  const direct = (): Promise<ObjectStore> => open({ endpoint: bucket.endpoint });
  const uploads = async (): Promise<readonly unknown[]> =>
    (await raw.send(new ListMultipartUploadsCommand({ Bucket: bucket.bucket }))).Uploads ?? [];
  const key = (): string => `k${crypto.randomUUID()}`;

  const faults: readonly Fault[] = [busy, 'lost-request', 'lost-answer', 'silence'];
  it.each(faults)('every call gets its answer after it met %j', async (fault) => {
    const store = await open();
    const at = key();
    const twice = (): void => way.meet([fault, fault]);
    twice();
    const put = (await store.put(at, encoded('one'), { kind: 'absent' })) as { etag: string };
    expect(put).toEqual({ etag: expect.any(String) });
    twice();
    expect(await store.get(at)).toEqual({ bytes: encoded('one'), etag: put.etag });
    twice();
    expect(decoded(await store.range(at, 1, 3))).toBe('ne');
    twice();
    expect(await store.head(at)).toMatchObject({ bytes: 3, etag: put.etag });
    for (const of of [isOf('.signpost/swaps', 'PUT'), isOf(at, 'PUT'), isOf(at, 'HEAD')]) {
      const { etag } = (await store.head(at))!;
      way.meet([fault, fault], of);
      const next = await store.put(at, encoded(`after ${etag}`), { kind: 'match', etag });
      expect(next).toEqual({ etag: (await store.head(at))!.etag });
    }
    twice();
    expect(await listed(store, at)).toHaveLength(1);
    twice();
    await store.put(at, encoded('free'));
    twice();
    await store.delete([at]);
    expect(await store.get(at)).toBeNull();
  });

  it('an answer cut or stalled in its middle is asked for again, and the bytes are right', async () => {
    const store = await open();
    const at = key();
    const bytes = Buffer.alloc(300_000, 'abcdefg');
    await store.put(at, bytes);
    for (const fault of ['half-answer', 'stalled-answer'] as const) {
      way.meet([fault], isOf(at, 'GET'));
      expect(bytes.equals((await store.get(at))!.bytes)).toBe(true);
    }
  });

  it('somebody else who was quicker while a request was lost is a conflict, also with the same bytes', async () => {
    const [store, other] = [await open(), await direct()];
    const at = key();
    way.choose((passing) => {
      if (!isPut(passing)) return undefined;
      way.choose(() => undefined);
      void other.put(at, encoded('same'), { kind: 'absent' });
      return 'silence';
    });
    expect(await store.put(at, encoded('same'), { kind: 'absent' })).toBe('conflict');
  });

  it('trusting If-Match, a lost answer is told from somebody else', async () => {
    const own = { ...(await newBucket()), swap: 'if-match' } as const;
    const store = await open({ ...own, endpoint: way.endpoint });
    const other = await open(own);
    await store.put('k', encoded('1'));
    let { etag } = (await store.get('k'))!;
    way.meet(['lost-answer'], isPut);
    ({ etag } = (await store.put('k', encoded('2'), { kind: 'match', etag })) as { etag: string });
    expect(etag).toBe((await other.head('k'))?.etag);
    await other.put('k', encoded('3'));
    way.meet(['lost-request'], isPut);
    expect(await store.put('k', encoded('4'), { kind: 'match', etag })).toBe('conflict');
  });

  it.each(faults)(
    'an upload in parts is whole although each of its steps met %j',
    async (fault) => {
      const store = await open(partsFrom);
      const at = key();
      const bytes = Buffer.alloc(12_000_000, 'part');
      const steps = [/\?uploads/, /partNumber=1&/, /partNumber=3&/, /\?uploadId=/];
      const met = new Set<RegExp>();
      way.choose(({ url }) => {
        const step = steps.find((each) => each.test(url) && !met.has(each));
        if (step === undefined) return undefined;
        met.add(step);
        return fault;
      });
      expect(await store.put(at, bytes, { kind: 'absent' })).not.toBe('conflict');
      expect(met.size).toBe(steps.length);
      expect(bytes.equals((await store.get(at))!.bytes)).toBe(true);
      expect(await store.put(at, bytes, { kind: 'absent' })).toBe('conflict');
      // Of an upload whose first answer was lost nobody knows the id; it holds no parts.
      expect(await uploads()).toHaveLength(fault === 'lost-answer' ? 1 : 0);
      await removeUploads();
    },
  );

  it('an upload that fails half way leaves no object and no parts', async () => {
    const store = await open({ ...partsFrom, patienceMs: 500 });
    const at = key();
    way.choose(({ url }) => (url.includes('partNumber=2&') ? busy : undefined));
    await expect(store.put(at, Buffer.alloc(12_000_000))).rejects.toMatchObject({
      code: 'objects-unavailable',
    });
    expect(await store.get(at)).toBeNull();
    expect(await uploads()).toEqual([]);
  });

  it('an upload that is given up because the process ends leaves no object and no parts', async () => {
    const ending = new AbortController();
    const store = await open({ ...partsFrom, signal: ending.signal });
    const at = key();
    const reason = new Error('the process ends');
    way.choose(({ url }) => {
      if (!url.includes('partNumber=2&')) return undefined;
      setTimeout(() => ending.abort(reason), 100);
      return busy;
    });
    await expect(store.put(at, Buffer.alloc(12_000_000))).rejects.toBe(reason);
    expect(await (await direct()).get(at)).toBeNull();
    expect(await uploads()).toEqual([]);
  });

  it('no increment is lost or made twice by two writers whose requests and answers are lost', async () => {
    const stores = [await open(), await open()];
    const at = key();
    await stores[0]!.put(at, encoded('0'));
    let seed = 7;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const kinds: readonly Fault[] = ['lost-request', 'lost-answer', 'lost-answer', busy];
    way.choose(() => (random() < 0.2 ? kinds[Math.floor(random() * kinds.length)] : undefined));
    await Promise.all(Array.from({ length: 16 }, (_, i) => increment(stores[i % 2]!, at)));
    way.choose(() => undefined);
    expect(decoded((await stores[0]!.get(at))?.bytes)).toBe('16');
  });

  it('what a writer that was killed had decided is carried out by the next one', async () => {
    const ending = new AbortController();
    const [dying, other] = [await open({ signal: ending.signal }), await direct()];
    const at = key();
    await other.put(at, encoded('1'));
    const { etag } = (await other.get(at))!;
    way.choose((passing) => {
      if (!isOf(at, 'PUT')(passing)) return undefined;
      ending.abort(new Error('killed'));
      return 'silence';
    });
    await expect(dying.put(at, encoded('2'), { kind: 'match', etag })).rejects.toThrow('killed');
    expect(decoded((await other.get(at))?.bytes)).toBe('1');
    expect(await other.put(at, encoded('mine'), { kind: 'match', etag })).toBe('conflict');
    const now = (await other.get(at))!;
    expect(decoded(now.bytes)).toBe('2');
    const next = { kind: 'match', etag: now.etag } as const;
    expect(await other.put(at, encoded('3'), next)).not.toBe('conflict');
    expect(decoded((await other.get(at))?.bytes)).toBe('3');
  });

  it('a writer so slow that others carried out what it had decided, and went on, has succeeded', async () => {
    const [slow, other] = [await open(), await direct()];
    const at = key();
    await other.put(at, encoded('1'));
    const first = { kind: 'match', etag: (await other.get(at))!.etag } as const;
    let isLost = true;
    way.choose((passing) => (isLost && isOf(at, 'PUT')(passing) ? 'lost-request' : undefined));
    const put = slow.put(at, encoded('2'), first);
    await expect.poll(() => way.passed.some(isOf(at, 'PUT'))).toBe(true);
    expect(await other.put(at, encoded('mine'), first)).toBe('conflict');
    const { bytes, etag } = (await other.get(at))!;
    expect(decoded(bytes)).toBe('2');
    await other.put(at, encoded('3'), { kind: 'match', etag });
    isLost = false;
    expect(await put).toEqual({ etag });
    expect(decoded((await other.get(at))?.bytes)).toBe('3');
  });

  it('a request so late that it puts an older version back loses nothing for who writes next', async () => {
    const [one, other] = [await direct(), await direct()];
    const at = key();
    await one.put(at, encoded('1'));
    const of = { Bucket: bucket.bucket, Key: `archive/${at}` };
    const { Metadata } = await raw.send(new GetObjectCommand(of));
    const first = (await one.get(at))!;
    await one.put(at, encoded('2'), { kind: 'match', etag: first.etag });
    await raw.send(new PutObjectCommand({ ...of, Body: encoded('1'), Metadata }));
    expect((await other.get(at))?.etag).toBe(first.etag);
    const stale = { kind: 'match', etag: first.etag } as const;
    expect(await other.put(at, encoded('lost'), stale)).toBe('conflict');
    expect(decoded((await other.get(at))?.bytes)).toBe('2');
  });

  it('claims show in no list, and go: soon after their time, those of killed processes at an opening', async () => {
    const own = await newBucket();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let later = 0;
    const store = await open({ ...own, now: () => Date.now() + later });
    await store.put('k', encoded('1'));
    const swap = async (said: string): Promise<unknown> =>
      store.put('k', encoded(said), { kind: 'match', etag: (await store.get('k'))!.etag });
    await swap('2');
    expect((await listed(store, '')).map((info) => info.key)).toEqual(['k']);
    const claims = async (): Promise<number> => {
      const of = { Bucket: own.bucket, Prefix: 'archive/.signpost/swaps/' };
      return (await raw.send(new ListObjectsV2Command(of))).KeyCount ?? 0;
    };
    expect(await claims()).toBe(1);
    later = 16 * 60_000;
    await swap('3');
    expect(await claims()).toBe(2);
    vi.advanceTimersByTime(60_000);
    vi.useRealTimers();
    await expect.poll(claims).toBe(1);
    await open({ ...own, now: () => Date.now() + 7_200_000 });
    expect(await claims()).toBe(0);
  });

  it('a store that does not answer is said to be away when patience ends, and waited for no longer', async () => {
    const store = await open({ patienceMs: 700, idleMs: 200 });
    for (const fault of [busy, 'lost-request', 'silence'] as const) {
      way.choose(() => fault);
      const began = performance.now();
      await expect(store.get('k')).rejects.toMatchObject({
        code: 'objects-unavailable',
        message: expect.stringContaining(`s3://${bucket.bucket}/archive: cannot read k`),
      });
      expect(performance.now() - began).toBeLessThan(5000);
    }
    await way.close();
    await expect(store.get('k')).rejects.toMatchObject({
      code: 'objects-unavailable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('waiting ends when the signal aborts', async () => {
    const reason = new Error('enough');
    for (const fault of [busy, 'silence'] as const) {
      way.choose(() => undefined);
      const ending = new AbortController();
      const store = await open({ signal: ending.signal });
      way.choose(() => fault);
      const got = store.get('k');
      setTimeout(() => ending.abort(reason), 100);
      await expect(got).rejects.toBe(reason);
    }
  });

  it('says what is wrong with the bucket or the credentials, and no secret', async () => {
    const secret = 'not-the-secret-access-key';
    const { accessKeyId } = bucket.credentials as { accessKeyId: string };
    const cases = [
      [{ bucket: 'no-such-bucket-here' }, /no such bucket/],
      [{ credentials: { accessKeyId, secretAccessKey: secret } }, /credentials are not right/],
      [{ credentials: { accessKeyId: 'nobody', secretAccessKey: secret } }, /credentials are/],
    ] as const;
    for (const [wrong, message] of cases) {
      const error = await open(wrong).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'objects-refused', hint: expect.any(String) });
      expect((error as Error).message).toMatch(message);
      expect(inspect(error, { depth: 9 })).not.toMatch(/not-the-secret|Signature=|StringToSign/);
    }
    const store = await open();
    way.choose(() => ({ status: 403, code: 'AccessDenied' }));
    await expect(store.get('k')).rejects.toMatchObject({ code: 'objects-refused' });
  });

  it('writers who would replace objects in another way than the others are refused', async () => {
    const own = await newBucket();
    await open({ ...own, swap: 'claims' });
    await expect(open({ ...own, swap: 'if-match' })).rejects.toMatchObject({
      code: 'objects-refused',
      message: expect.stringContaining('by claims, not by if-match'),
    });
    await open({ ...own, swap: 'auto' });
  });

  it.each<[Honoured, RegExp]>([
    [{ ifMatch: true, completion: true, metadata: true }, /honour If-None-Match,/],
    [{ ifNoneMatch: true, completion: true, metadata: true }, /honour If-Match,/],
    [{ ifMatch: true, ifNoneMatch: true, metadata: true }, /If-None-Match when an upload in parts/],
    [{ ifMatch: true, ifNoneMatch: true, completion: true }, /honour metadata of objects/],
  ])('a server that honours only %j is refused', async (honoured, message) => {
    const server = await startIgnorantS3(honoured);
    await expect(open({ endpoint: server.endpoint })).rejects.toMatchObject({
      code: 'objects-refused',
      message: expect.stringMatching(message),
    });
    await server.close();
  });

  it('opened for reading, it writes nothing', async () => {
    const own = await newBucket();
    const store = await open({ ...own, endpoint: way.endpoint, access: 'read' });
    expect(await listed(store, 'insights/')).toEqual([]);
    // Who may read nothing else can open it all the same.
    expect(
      way.passed.map(({ url }) => new URL(url, 'http://s3').searchParams.get('prefix')),
    ).toEqual(['archive/insights/']);
  });

  /** As the next opening does with old ones. */
  async function removeUploads(): Promise<void> {
    const store = await open({ now: () => Date.now() + 2 * 86_400_000 });
    await store.close();
    expect(await uploads()).toEqual([]);
  }
});
