// Settings of a cluster: what the environment says wins, and what is wrong is refused by its name.
import { describe, expect, it } from 'vitest';
import { createTokenSource } from '#core/log/kafka/oauth-token.ts';
import { readKafkaSettings } from '#core/log/kafka/settings.ts';

const brokers = ['a.example:9092'];
const refusal = (section: unknown, env: Record<string, string> = {}): string => {
  try {
    readKafkaSettings(section, env);
  } catch (error) {
    expect(error).toMatchObject({ code: 'config-invalid' });
    return (error as Error).message;
  }
  return 'accepted';
};

describe('settings of a Kafka cluster', () => {
  it('are none when neither the file nor the environment names one', () => {
    expect(readKafkaSettings(undefined, {})).toBeUndefined();
    expect(readKafkaSettings(undefined, { KAFKA_SASL_PASSWORD: 'p' })).toBeUndefined();
    expect(refusal({})).toContain('brokers');
  });

  it('come from the environment alone, or over those of the file', () => {
    const env = {
      KAFKA_BROKERS: 'b1:9092, b2:9093',
      KAFKA_TLS: 'true',
      KAFKA_TLS_CA: '/ca.pem',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'u',
      KAFKA_SASL_PASSWORD: 'p',
    };
    expect(readKafkaSettings(undefined, env)).toMatchObject({
      brokers: ['b1:9092', 'b2:9093'],
      tls: { enabled: true, ca: '/ca.pem' },
      sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
      topicPrefix: '',
      compression: 'zstd',
    });
    const sasl = { mechanism: 'plain', username: 'file', password: 'file' };
    expect(
      readKafkaSettings({ brokers, sasl, replicationFactor: 2 }, { KAFKA_SASL_PASSWORD: 'env' }),
    ).toMatchObject({
      brokers,
      sasl: { mechanism: 'plain', username: 'file', password: 'env' },
      replicationFactor: 2,
    });
  });

  it('that are wrong are refused by name, secrets unsaid', () => {
    expect(refusal({ brokers: ['nowhere'] })).toContain(
      'brokers.0 (KAFKA_BROKERS): must be host:port',
    );
    expect(refusal({ brokers, bootstrap: 'x' })).toContain('bootstrap');
    expect(refusal({ brokers, compression: 'snappy' })).toContain('compression');
    expect(refusal({ brokers, heartbeatIntervalMs: 9_000 })).toContain('heartbeatIntervalMs');
    expect(refusal({ brokers, replicationFactor: 1, minInsyncReplicas: 2 })).toContain(
      'minInsyncReplicas',
    );
    expect(refusal({ brokers, tls: { cert: 'c' } })).toContain('cert and key');
    expect(refusal({ brokers }, { KAFKA_REPLICATION_FACTOR: 'three' })).toContain(
      'replicationFactor',
    );
    expect(refusal({ brokers }, { KAFKA_TLS: 'perhaps' })).toContain('tls.enabled');
    const missing = refusal(
      { brokers },
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 's3cret' },
    );
    expect(missing).toContain('sasl.username');
    expect(missing).not.toContain('s3cret');
  });

  it('of the environment are refused by their variable, with what is allowed', () => {
    const said = (env: Record<string, string>) => refusal({ brokers }, env).split('\n').slice(1);
    expect(said({ KAFKA_REPLICATION_FACTOR: 'x' })).toEqual([
      '  replicationFactor (KAFKA_REPLICATION_FACTOR): must be a whole number from 1 to 9',
    ]);
    expect(said({ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u' })).toEqual([
      '  sasl.password (KAFKA_SASL_PASSWORD): is missing',
    ]);
    expect(said({ KAFKA_SASL_MECHANISM: 'kerberos' })).toEqual([
      '  sasl.mechanism (KAFKA_SASL_MECHANISM): must be one of plain, scram-sha-256, scram-sha-512, oauthbearer',
    ]);
    expect(said({ KAFKA_BROKERS: 'a:1,b' })[0]).toMatch(
      /^ {2}brokers\.1 \(KAFKA_BROKERS\): must be/,
    );
    expect(said({ KAFKA_TLS: 'perhaps' })).toEqual([
      '  tls.enabled (KAFKA_TLS): must be true or false',
    ]);
    expect(said({ KAFKA_COMPRESSION: 'snappy' })).toEqual([
      '  compression (KAFKA_COMPRESSION): must be one of zstd, gzip, none',
    ]);
  });

  it('send no client secret in the clear', () => {
    const sasl = { mechanism: 'oauthbearer', clientId: 'c', clientSecret: 's' };
    const at = (tokenEndpoint: string) => refusal({ brokers, sasl: { ...sasl, tokenEndpoint } });
    expect(at('http://issuer.example/token')).toContain('https');
    expect(at('https://issuer.example/token')).toBe('accepted');
    expect(at('http://127.0.0.1:8080/token')).toBe('accepted');
    expect(at('nonsense')).toContain('sasl.tokenEndpoint');
  });
});

describe('a token for OAUTHBEARER', () => {
  const request = {
    tokenEndpoint: 'https://issuer.example/token',
    clientId: 'me:you',
    clientSecret: 's3cret',
    scope: 'kafka',
  };
  const answering = (answers: readonly Response[]) => {
    const asked: { headers: Headers; body: string }[] = [];
    const rest = [...answers];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      asked.push({ headers: new Headers(init?.headers), body: init?.body as string });
      return rest.shift()!;
    };
    return { asked, fetch };
  };
  const token = (name: string, seconds?: number): Response =>
    Response.json({ access_token: name, ...(seconds && { expires_in: seconds }) });

  it('is asked for once, by all who need it, until most of its life is over', async () => {
    let now = 0;
    const { asked, fetch } = answering([token('one', 100), token('two', 100)]);
    const source = createTokenSource(request, { fetch, now: () => now });
    expect(await Promise.all([source(), source()])).toEqual(['one', 'one']);
    now = 79_000;
    expect(await source()).toBe('one');
    now = 80_000;
    expect(await source()).toBe('two');
    expect(asked).toHaveLength(2);
    expect(asked[0]?.headers.get('authorization')).toBe(
      `Basic ${Buffer.from('me%3Ayou:s3cret').toString('base64')}`,
    );
    expect(asked[0]?.body).toBe('grant_type=client_credentials&scope=kafka');
  });

  it('that is refused is an error without the secret, and asked for again', async () => {
    const { fetch } = answering([
      new Response('s3cret is wrong', { status: 401 }),
      Response.json({ error: 'no' }),
      token('at last'),
    ]);
    const source = createTokenSource(request, { fetch, now: () => 0 });
    for (const what of ['answered 401', 'without a token']) {
      const error = await source().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'log-refused', message: expect.stringContaining(what) });
      expect(JSON.stringify(error)).not.toContain('s3cret');
    }
    expect(await source()).toBe('at last');
  });

  it('is waited for while its endpoint is away, which is no refusal', async () => {
    const { fetch } = answering([new Response('later', { status: 503 })]);
    const starting = createTokenSource(request, { fetch, now: () => 0 });
    const unreachable = createTokenSource(request, {
      fetch: () => Promise.reject(new TypeError('fetch failed')),
      now: () => 0,
    });
    for (const [source, what] of [
      [starting, 'answered 503'],
      [unreachable, 'cannot be reached'],
    ] as const) {
      await expect(source()).rejects.toMatchObject({
        code: 'log-unavailable',
        message: expect.stringContaining(what),
      });
    }
  });
});
