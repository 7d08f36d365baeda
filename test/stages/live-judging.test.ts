// A model or a departments file that changes is taken up; one that cannot be used changes nothing, and is told of once.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classifyConfig } from '../../services/classify/config.ts';
import { readDepartments } from '../../services/cli/departments.ts';
import { openLiveJudging, type LiveJudging } from '../../services/cli/live-judging.ts';
import { loadShippedDepartments } from '../../services/classify/departments-file.ts';
import { otherModel, shippedBytes, shippedVersion } from '../support/other-model.ts';

const shippedThreshold = loadShippedDepartments().departments.find(
  ({ name }) => name === 'it',
)!.threshold;

const shippedYaml = readFileSync(
  new URL('../../services/classify/departments.yaml', import.meta.url),
  'utf8',
);
const other = otherModel();
let folder: string;
let model: string;
let departmentsFile: string;
let told: string[];
let judging: LiveJudging;
let stop: AbortController;
let watching: Promise<void>;
let wake: () => void;
let asleep: Promise<void>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signpost-judging-'));
  model = join(folder, 'model.bin');
  departmentsFile = join(folder, 'departments.yaml');
  writeFileSync(model, shippedBytes);
  writeFileSync(departmentsFile, shippedYaml);
  told = [];
  const tell = (...said: readonly unknown[]): void => void told.push(String(said.at(-1)));
  const classify = classifyConfig.parse({ model, departmentsFile });
  let sleeps: () => void = () => {};
  asleep = new Promise((resolve) => (sleeps = resolve));
  judging = openLiveJudging({
    classify,
    departments: readDepartments(classify),
    judges: true,
    routes: true,
    logger: { warn: tell, error: tell } as never,
    sleep: () =>
      new Promise((resolve) => {
        wake = () => {
          asleep = new Promise((again) => (sleeps = again));
          resolve();
        };
        sleeps();
      }),
  });
  stop = new AbortController();
  watching = judging.watch(stop.signal);
  await asleep;
  await looks(2);
});
afterEach(async () => {
  stop.abort();
  wake();
  await watching;
  rmSync(folder, { recursive: true });
});

async function looks(count = 2): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    wake();
    await asleep;
  }
}

function replace(file: string, content: Uint8Array | string): void {
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}

const version = (): string => judging.current().judge!.version;
const thresholdOf = (name: string): number | undefined =>
  judging.current().departments.departments.find((one) => one.name === name)?.threshold;

describe('the model', () => {
  it('is taken up when another is renamed over it, told once', async () => {
    const before = judging.current();
    replace(model, other.bytes);
    await looks(1);
    expect(judging.current()).toBe(before);
    await looks(3);
    expect(version()).toBe(other.version);
    // What a batch began with stays what it is.
    expect(before.judge!.version).toBe(shippedVersion);
    expect(told).toEqual(['Batches from now on are judged by another model']);
  });

  it('is taken up when it is written over, and when it is written back', async () => {
    writeFileSync(model, other.bytes);
    await looks();
    expect(version()).toBe(other.version);
    writeFileSync(model, shippedBytes);
    await looks();
    expect(version()).toBe(shippedVersion);
  });

  it('that is only touched is the same', async () => {
    const before = judging.current();
    replace(model, shippedBytes);
    await looks();
    expect([judging.current() === before, told]).toEqual([true, []]);
  });

  it.each<[string, Uint8Array | string]>([
    ['damaged', 'no model'],
    ['half-written', other.bytes.subarray(0, 100_000)],
    ['empty', ''],
  ])('that is %s leaves what there was, told once, until it is mended', async (_, content) => {
    replace(model, content);
    await looks(5);
    expect(version()).toBe(shippedVersion);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^A changed file cannot be used: the model .* judged as before/);
    replace(model, other.bytes);
    await looks();
    expect(version()).toBe(other.version);
  });

  it('that is taken away leaves what there was', async () => {
    rmSync(model);
    await looks(4);
    expect(version()).toBe(shippedVersion);
    expect(told).toEqual([expect.stringContaining('Cannot read the model')]);
  });
});

describe('the departments file', () => {
  it('changes thresholds, and the model stays the same', async () => {
    const { model: before } = judging.current();
    replace(departmentsFile, shippedYaml.replace(/(name: it, .*threshold: )[\d.]+/, '$10.9'));
    await looks();
    expect(thresholdOf('it')).toBe(0.9);
    expect(judging.current().model).toBe(before);
    expect(told).toEqual([expect.stringContaining('changed departments file')]);
  });

  it('with a fault leaves what there was', async () => {
    replace(departmentsFile, shippedYaml.replace('prior: -4', 'prior: high'));
    await looks(4);
    expect(thresholdOf('it')).toBe(shippedThreshold);
    expect(told).toEqual([expect.stringContaining('prior')]);
  });

  it('with other departments waits for a restart, told once, while the model goes on changing', async () => {
    const legal = '\n  - { name: legal, title: Legal, threshold: 0.5, words: [lawyer] }\nrules:';
    const more = shippedYaml.replace(/(name: it, .*threshold: )[\d.]+/, '$10.9');
    replace(departmentsFile, more.replace('\nrules:', legal));
    await looks(4);
    expect([thresholdOf('legal'), thresholdOf('it')]).toEqual([undefined, shippedThreshold]);
    expect(told).toEqual([expect.stringContaining('restart')]);
    replace(model, other.bytes);
    await looks(4);
    expect(version()).toBe(other.version);
    expect(told).toHaveLength(2);
  });
});

it('files that change together are taken up together', async () => {
  replace(model, other.bytes);
  replace(departmentsFile, shippedYaml.replace(/(name: it, .*threshold: )[\d.]+/, '$10.9'));
  await looks();
  expect([version(), thresholdOf('it')]).toEqual([other.version, 0.9]);
});

it('where nothing is judged or routed, nothing is looked at', async () => {
  const classify = classifyConfig.parse({ model: join(folder, 'none.bin'), departmentsFile });
  const never = () => expect.unreachable('It looked');
  const idle = openLiveJudging({
    classify,
    departments: readDepartments(classify),
    judges: false,
    routes: false,
    logger: { warn: never, error: never } as never,
    sleep: never,
    factsOf: never,
  });
  await idle.watch(new AbortController().signal);
  expect(idle.current().judge).toBeUndefined();
});
