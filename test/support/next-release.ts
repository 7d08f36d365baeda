// A checkout of the release after this one: posts, signals and insights have a field more, made by the project's own
// generator, and the services fill it.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const copied = [
  'bin',
  'docs',
  'infra',
  'package.json',
  'schemas',
  'scripts',
  'services',
  'tsconfig.json',
];
/** Records of the next version, with the field that each gets by itself: an insight holds its signal. */
const upgraded = { 'community-post': true, signal: true, insight: false } as const;
const firstId = 9_001;

/**
 * Where services make the records: a line of each, and what is put before it. What a sender has not said the gateway
 * must not say either, or the same record by way of either release would be two.
 */
const places = {
  'services/gateway/sources/posts.ts': ['authorId: stated(record.authorId),', 'mood: null,'],
  'services/normalize/draft.ts': ['product: field(record.product),', "mood: 'calm',"],
} as const;

/** Ids of the new versions by record. @param into a folder that does not exist yet */
export function makeNextRelease(root: string, into: string): Readonly<Record<string, number>> {
  for (const name of copied) cpSync(join(root, name), join(into, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(into, 'node_modules'));
  const idsFile = join(into, 'schemas/ids.json');
  const ids = readJson(idsFile) as Record<string, Record<string, number>>;
  const added: Record<string, number> = {};
  for (const [record, isOwn] of Object.entries(upgraded)) {
    const versions = ids[record]!;
    const newest = Math.max(...Object.keys(versions).map(Number));
    const id = firstId + Object.keys(added).length;
    versions[newest + 1] = added[record] = id;
    const at = (version: number, ending: string): string =>
      join(into, 'schemas', record, `v${version}.${ending}`);
    const schema = readJson(at(newest, 'avsc')) as { fields: object[] };
    if (isOwn) schema.fields.push(field);
    writeFileSync(at(newest + 1, 'avsc'), JSON.stringify(schema));
    const samples = readJson(at(newest, 'samples.json')) as { record: Record<string, unknown> }[];
    for (const { record: sample } of samples) {
      if (isOwn) sample['mood'] = 'calm';
      else (sample['signal'] as Record<string, unknown>)['mood'] = 'calm';
    }
    writeFileSync(at(newest + 1, 'samples.json'), JSON.stringify(samples));
    renameSync(at(newest, 'golden.json'), at(newest + 1, 'golden.json'));
  }
  writeFileSync(idsFile, JSON.stringify(ids));
  for (const [path, [line, set]] of Object.entries(places)) {
    const file = join(into, path);
    const text = readFileSync(file, 'utf8');
    if (text.split(line).length !== 2) throw new Error(`${path} has not one line ${line}`);
    writeFileSync(file, text.replace(line, `${set} ${line}`));
  }
  execFileSync(join(into, 'bin/node'), [join(into, 'scripts/generate.ts')], {
    cwd: into,
    stdio: 'pipe',
  });
  return added;
}

const field = {
  name: 'mood',
  type: ['null', 'string'],
  default: null,
  doc: 'How it was said; null when unknown.',
};

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
