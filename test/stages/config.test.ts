// The configuration file: what is wrong is refused at start, where it was written, with what is allowed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eld } from 'eld/extrasmall';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../services/cli/config.ts';
import { departmentNames } from '../../services/cli/departments.ts';
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
