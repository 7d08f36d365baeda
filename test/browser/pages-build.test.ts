// The built pages keep to what was promised of them: small, and nothing that a strict content security policy refuses.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { pagesFolder } from '../support/browser-pages.ts';

/** Of the script that every page needs and of the largest page beside it. */
const firstViewBytes = 150_000;

describe('the built pages', () => {
  const folder = join(pagesFolder, 'dist');
  let index: string;
  let scripts: { readonly name: string; readonly text: string }[];

  beforeAll(async () => {
    index = await readFile(join(folder, 'index.html'), 'utf8');
    const names = await readdir(join(folder, 'assets'));
    scripts = await Promise.all(
      names
        .filter((name) => name.endsWith('.js'))
        .map(async (name) => ({
          name,
          text: await readFile(join(folder, 'assets', name), 'utf8'),
        })),
    );
  });

  test('the first view of any page takes less than 150 kB of scripts, gzipped', () => {
    const sizes = scripts.map(({ name, text }) => ({ name, bytes: gzipSync(text).length }));
    const first = sizes.filter(({ name }) => index.includes(name));
    const others = sizes.filter(({ name }) => !index.includes(name));
    expect(first.length).toBeGreaterThan(0);
    expect(others.length).toBeGreaterThan(0);
    const sum = first.reduce((total, { bytes }) => total + bytes, 0);
    expect(sum + Math.max(...others.map(({ bytes }) => bytes))).toBeLessThan(firstViewBytes);
  });

  test('no script or style stands in the document itself, and nothing is asked of another host', () => {
    expect(index).not.toMatch(/<script(?![^>]*\bsrc="\/)[^>]*>/);
    expect(index).not.toMatch(/<style|\sstyle=|\son\w+=/);
    for (const [, address] of index.matchAll(/\b(?:src|href)="([^"]*)"/g)) {
      expect(address).toMatch(/^\/(?!\/)/);
    }
  });

  test('no script makes code or markup of a text', () => {
    const unsafe = /\beval\(|new Function\(|document\.write|insertAdjacentHTML/;
    expect(scripts.filter(({ text }) => unsafe.test(text)).map(({ name }) => name)).toEqual([]);
  });
});
