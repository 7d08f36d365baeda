// The targets file: what it may say, how it is refused, and that no secret is ever in a message.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SignpostError } from '#core/errors.ts';
import { checkTargets, readTargets } from '../../services/alert/deliver/targets.ts';

const folder = mkdtempSync(join(tmpdir(), 'signpost-targets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const env = {
  SLACK: 'https://hooks.example/services/T0/B0/sesame-open-now',
  KEY: secret,
  TOKEN: 'tok',
};

function refused(target: object, more: object = {}): string {
  const whole = { name: 'noc', kind: 'slack', url: 'https://hooks.example/', ...target };
  try {
    checkTargets({ targets: [whole], ...more }, 'targets.yaml', folder, env);
  } catch (error) {
    if (error instanceof SignpostError && error.code === 'config-invalid') return error.message;
    throw error;
  }
  return '';
}

describe('a targets file', () => {
  it('is read with its secrets, from variables and from files beside it', () => {
    mkdirSync(join(folder, 'keys'));
    writeFileSync(join(folder, 'keys/old'), `${secret}\n`);
    const file = join(folder, 'targets.yaml');
    writeFileSync(
      file,
      `portalUrl: https://signpost.example/
targets:
  - name: noc
    kind: alertmanager
    url: http://alertmanager:9093
    allowPrivate: [10.0.0.0/8]
    basic: {user: signpost, password: {env: TOKEN}}
  - name: chat
    kind: slack
    url: {env: SLACK}
    filter: {departments: [operations], minCustomers: 10}
  - name: care
    kind: webhook
    url: https://care.example/alerts
    bearer: {env: TOKEN}
    signingSecrets: [{env: KEY}, {file: keys/old}]
`,
    );
    const { targets, portalUrl } = readTargets(file, env);
    expect(portalUrl).toBe('https://signpost.example/');
    expect(targets).toMatchObject([
      {
        name: 'noc',
        host: 'alertmanager:9093',
        allowed: { privateNetworks: false, ranges: ['10.0.0.0/8'] },
        headers: { authorization: `Basic ${btoa('signpost:tok')}` },
        resendMs: 60_000,
        holdMs: 3_600_000,
      },
      {
        name: 'chat',
        url: env.SLACK,
        host: 'hooks.example',
        filter: { minCustomers: 10 },
        secrets: expect.arrayContaining(['/services/T0/B0/sesame-open-now']),
      },
      { name: 'care', headers: { authorization: 'Bearer tok' }, signingKeys: { length: 2 } },
    ]);
  });

  it('may be JSON', () => {
    const file = join(folder, 'targets.json');
    writeFileSync(file, '{"targets": []}');
    expect(readTargets(file, env).targets).toEqual([]);
  });

  it.each([
    [{ name: 'The NOC' }, 'targets.0.name: must be small letters, digits and hyphens'],
    [{ kind: 'email' }, 'targets.0.kind: must be one of alertmanager'],
    [{ url: 'hooks.example' }, 'targets.0.url: must be an address like https://'],
    [{ url: 'https://me:sesame@h.example/' }, 'targets.0.url: must hold no user or password'],
    [{ url: { env: 'NOPE' } }, 'targets.0.url: the variable NOPE is not set'],
    [{ url: { file: 'nope' } }, 'cannot be read (ENOENT)'],
    [{ url: 7 }, 'targets.0.url: must be an address, {env: NAME} or {file: path}'],
    [{ bearer: 'sesame' }, 'targets.0.bearer: must name a variable, as {env: NAME}'],
    [{ kind: 'webhook' }, 'targets.0.signingSecrets: must name a secret'],
    [{ signingSecrets: [{ env: 'TOKEN' }] }, 'signingSecrets.0: must begin with whsec_'],
    [{ headers: { Host: { env: 'TOKEN' } } }, 'Signpost sets itself'],
    [{ headers: { 'webhook-id': { env: 'TOKEN' } } }, 'Signpost sets itself'],
    [{ headers: { 'a b': { env: 'TOKEN' } } }, 'must be the name of a header'],
    [{ ca: 'nope.pem' }, 'targets.0.ca: '],
    [{ allowPrivate: ['10.0.0.0'] }, 'must be a range like 10.1.0.0/16'],
    [{ allowPrivate: 'yes' }, 'must be true, false or a list of ranges'],
    [{ filter: { levels: ['street'] } }, 'filter.levels.0: must be one of everywhere, country'],
    [{ filter: { states: [] } }, 'filter.states: must not be empty'],
    [{ resendSeconds: 30 }, 'is a setting of the kind alertmanager alone'],
    [
      { kind: 'alertmanager', resendSeconds: 600, holdMinutes: 10 },
      'holdMinutes: must be three times resendSeconds or more',
    ],
    [{ connectTimeoutMs: 20_000 }, 'totalTimeoutMs: must not be below connectTimeoutMs'],
    [
      { bearer: { env: 'TOKEN' }, basic: { user: 'a', password: { env: 'TOKEN' } } },
      'basic: and bearer cannot both be given',
    ],
    [{ colour: 'red' }, 'there is no setting colour'],
  ])('with %j is refused, and told why', (target, why) => {
    expect(refused(target)).toContain(why);
    expect(refused(target)).not.toContain('sesame');
  });

  it('with two targets of one name, or severities the wrong way round, is refused', () => {
    const chat = { name: 'chat', kind: 'slack', url: 'https://hooks.example/' };
    const two = { targets: [chat, { ...chat, url: 'https://other.example/' }] };
    expect(refused({}, two)).toContain('chat is the name of another target already');
    expect(refused({}, { severity: { critical: 10 } })).toContain(
      'critical must not be below major',
    );
  });

  it('of which a file of secrets holds none, or several lines, is refused without a word of it', () => {
    writeFileSync(join(folder, 'empty'), ' \n');
    writeFileSync(join(folder, 'lines'), 'sesame\nopen');
    expect(refused({ bearer: { file: 'empty' } })).toContain('is empty');
    expect(refused({ bearer: { file: 'lines' } })).toContain('must be one line of ASCII');
    expect(refused({ bearer: { file: 'lines' } })).not.toContain('sesame');
  });

  it('that is not there, or no YAML, is refused', () => {
    expect(() => readTargets(join(folder, 'none.yaml'))).toThrow('Cannot read');
    writeFileSync(join(folder, 'broken.yaml'), 'targets: [');
    expect(() => readTargets(join(folder, 'broken.yaml'))).toThrow('Cannot read');
  });
});
