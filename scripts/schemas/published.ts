// Guards what was published: files stay byte for byte, ids are never used twice, the newest version reads them all.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SchemaJson } from './avro-schema.ts';
import { type CompatibilityRule, type Problem, compatibilityProblems } from './compatibility.ts';
import { type SchemaSource, readJson } from './source.ts';

/** What `published/fingerprints.json` holds, by `<record>/v<version>`. */
type Fingerprints = {
  readonly [version: string]: { readonly id: number; readonly sha256: string };
};

/** Everything wrong with `schemas/` in view of what was published from it. */
export function publishedProblems(root: string, source: SchemaSource): readonly Problem[] {
  const problems: Problem[] = [];
  const found = (rule: CompatibilityRule, message: string) => {
    problems.push({ rule, message: `${message} (${rule})` });
  };
  const fingerprints = readFingerprints(root);
  for (const [name, { id, sha256 }] of Object.entries(fingerprints)) {
    const file = join(root, 'published', `${name}.avsc`);
    if (!existsSync(file) || sha256Of(readFileSync(file)) !== sha256) {
      found('published-file-changed', `published/${name}.avsc is not what was published`);
    }
    const [record = '', version = ''] = name.split('/v');
    const ids = readJson(join(root, 'ids.json')) as Record<string, Record<string, number>>;
    if (ids[record]?.[version] !== id) {
      found(
        'published-id-changed',
        `ids.json: ${record} version ${version} was published as ${id}`,
      );
    }
  }
  for (const name of publishedNames(root)) {
    if (!(name in fingerprints)) {
      found('published-file-changed', `published/${name}.avsc has no fingerprint`);
    }
  }
  for (const record of source.records) {
    for (let version = 1; version <= record.version; version++) {
      const file = join(root, 'published', record.record, `v${version}.avsc`);
      if (!existsSync(file)) continue;
      const published = readJson(file) as SchemaJson;
      if (version < record.version) {
        problems.push(...compatibilityProblems(record.record, published, record.schema));
        continue;
      }
      const difference = firstDifference(withoutDocs(published), withoutDocs(record.schema), '');
      if (difference !== null) {
        found(
          'published-version-changed',
          `${record.record}, ${difference}: version ${version} is published; put the change into ` +
            `${record.record}/v${version + 1}.avsc`,
        );
      }
    }
  }
  return problems;
}

export function isPublished(root: string, record: string, version: number): boolean {
  return `${record}/v${version}` in readFingerprints(root);
}

/** Freezes the newest version of each record that is not published yet. Returns what it froze. */
export function publish(root: string, source: SchemaSource): readonly string[] {
  const fingerprints: Record<string, Fingerprints[string]> = { ...readFingerprints(root) };
  const frozen: string[] = [];
  for (const { record, version, id, schema } of source.records) {
    const name = `${record}/v${version}`;
    if (name in fingerprints) continue;
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    mkdirSync(join(root, 'published', record), { recursive: true });
    writeFileSync(join(root, 'published', `${name}.avsc`), text);
    fingerprints[name] = { id, sha256: sha256Of(text) };
    frozen.push(name);
  }
  writeFileSync(
    join(root, 'published', 'fingerprints.json'),
    `${JSON.stringify(fingerprints, null, 2)}\n`,
  );
  return frozen;
}

function readFingerprints(root: string): Fingerprints {
  const file = join(root, 'published', 'fingerprints.json');
  return existsSync(file) ? (readJson(file) as Fingerprints) : {};
}

function publishedNames(root: string): readonly string[] {
  const folder = join(root, 'published');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.avsc'))
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1, -'.avsc'.length))
    .toSorted();
}

function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Docs may be mended after publishing: they change no byte of a record. */
function withoutDocs(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(withoutDocs);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json)
      .filter(([key]) => key !== 'doc')
      .map(([key, value]) => [key, withoutDocs(value)]),
  );
}

/** Where two schemas part first, by the names of fields. */
function firstDifference(was: unknown, is: unknown, place: string): string | null {
  if (JSON.stringify(was) === JSON.stringify(is)) return null;
  if (typeof was === 'object' && was !== null && typeof is === 'object' && is !== null) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
    for (const key of keys) {
      const before = (was as Record<string, unknown>)[key];
      const now = (is as Record<string, unknown>)[key];
      const name = (now ?? before) as { readonly name?: unknown } | null | undefined;
      const isField = Array.isArray(was) && typeof name?.name === 'string';
      const inner = isField ? `${place}${place && '.'}${name?.name}` : place;
      const difference = firstDifference(before, now, inner);
      if (difference !== null) return difference;
    }
  }
  return place === '' ? 'the record itself' : `field ${place}`;
}
