// The configuration file: what is wrong is refused at start, where it was written, with what is allowed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eld } from 'eld/extrasmall';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../services/cli/config.ts';
import { departmentNames } from '../../services/cli/departments.ts';
import { pseudonymKeysOf } from '../../services/cli/pseudonym-keys.ts';
import { knownLanguages } from '../../services/normalize/known-languages.ts';
import { wordLanguages } from '../../services/normalize/language-words.ts';

const folder = mkdtempSync(join(tmpdir(), 'signpost-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function configOf(yaml: string) {
  const file = join(folder, 'signpost.yaml');
  writeFileSync(file, yaml);
  return readConfig(file);
}

describe('normalize.languages', () => {
  it('allows exactly what can be told', () => {
    const told = new Set([...Object.values(eld.info().Languages), ...wordLanguages]);
    expect([...knownLanguages]).toEqual([...told].toSorted());
  });

  it('takes known codes', () => {
    expect(configOf('normalize: { languages: [en, sw, pt] }').normalize.languages).toEqual([
      'en',
      'sw',
      'pt',
    ]);
  });

  it.each(['xx', 'EN', 'english', '', '1'])('refuses %j, naming what is allowed', (code) => {
    expect(() => configOf(`normalize: { languages: [en, "${code}"] }`)).toThrow(
      new RegExp(`normalize\\.languages\\.1: "${code}" is no language.*allowed are .*en, es.*sw`),
    );
  });
});

describe('what the environment says', () => {
  it.each([
    [
      'SCHEMA_REGISTRY_URL',
      'ftp://x',
      'schemaRegistry.url (SCHEMA_REGISTRY_URL): must be an http or https URL',
    ],
    [
      'DATABASE_URL',
      'mysql://x',
      'database.url (DATABASE_URL): must be a URL that begins with postgres://',
    ],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'x:1', 'must be an http or https URL'],
  ])('is refused by its variable: %s=%s', (variable, value, says) => {
    expect(() => readConfig(undefined, { [variable]: value })).toThrow(says);
  });

  it('names a file of pseudonym keys that must be there', () => {
    expect(() => pseudonymKeysOf('/nope')).toThrow(
      expect.objectContaining({
        message: 'Cannot read the pseudonym keys in /nope: there is no such file',
        hint: expect.stringContaining('SIGNPOST_PSEUDONYM_KEYS_FILE'),
      }),
    );
    expect(() => pseudonymKeysOf(folder)).toThrow('it is a directory');
  });
});

describe('what the file says', () => {
  it('is refused in words that say what is allowed', () => {
    const said = (yaml: string): string => {
      try {
        configOf(yaml);
      } catch (error) {
        return (error as Error).message.split('\n').slice(1).join('\n').trim();
      }
      return 'accepted';
    };
    expect(said('threads: many')).toBe('threads: must be a number');
    expect(said('threads: 1.5')).toBe('threads: must be a whole number');
    expect(said('threads: 0')).toBe('threads: must be at least 1');
    expect(said('logLevel: loud')).toMatch(/^logLevel: must be one of trace, .*silent/);
    expect(said('database: {}')).toContain('database.url (DATABASE_URL): must be a URL');
    expect(said('thread: 1')).toBe('(top): there is no setting thread');
    expect(said('gateway: [1]')).toBe('gateway: must be a section of settings');
  });
});

describe('a department given in the configuration', () => {
  const field = '{ name: legal, title: Legal, threshold: 0.5 }';

  it('is added to those of the file', () => {
    const { classify } = configOf(`classify: { departments: [${field}] }`);
    expect(departmentNames(classify)).toContain('legal');
  });

  it('is refused as of the configuration, at its own place', () => {
    const { classify } = configOf(
      `classify: { departments: [${field}, { name: field-force, title: Field, threshold: 50 }] }`,
    );
    expect(() => departmentNames(classify)).toThrow(
      /^the configuration, classify\.departments\.1\.threshold: [^;]*<=1$/,
    );
  });

  it('does not take the blame of the file it is added to', () => {
    const departmentsFile = join(folder, 'mine.yaml');
    writeFileSync(
      departmentsFile,
      `prior: -4\nurgency: { normal: 2, high: 4 }\ndepartments:\n  - ${field}\n  - { name: it, title: It, threshold: 0 }\n`,
    );
    const { classify } = configOf(
      `classify: { departmentsFile: mine.yaml, departments: [${field}] }`,
    );
    // The entry that the configuration replaces still counts.
    expect(() => departmentNames(classify)).toThrow(
      new RegExp(`^${departmentsFile}, departments\\.1\\.threshold: [^;]*$`),
    );
  });
});
