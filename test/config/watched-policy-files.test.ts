import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WatchedPolicyFiles } from '#config/watched-policy-files';
import { SECOND, addMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';
import { tempDir } from '../support/temp-dir.ts';
import type { TempDir } from '../support/temp-dir.ts';

const ONE = 'apiVersion: snapkeep/v1\ninstance: one\n';
const TWO = 'apiVersion: snapkeep/v1\ninstance: two\n';

let dir: TempDir;
beforeEach(async () => {
  dir = await tempDir('watched');
});
afterEach(async () => dir.remove());

const at = (name: string): string => path.join(dir.path, name);

/** Long enough after any write of the test that a file is not read for its freshness alone. */
function later(seconds = 0): Instant {
  return addMs(instant(Date.now()), (10 + seconds) * SECOND);
}

/** Whoever watches, with everything read once. */
async function watching(...paths: string[]): Promise<WatchedPolicyFiles> {
  const files = new WatchedPolicyFiles(paths);
  await files.readAll(later());
  expect(await files.read(later())).toBeNull();
  return files;
}

async function instanceIn(files: WatchedPolicyFiles): Promise<string> {
  const reading = await files.read(later());
  const loaded = reading?.load({ now: later() });
  if (loaded === undefined) return 'unchanged';
  return loaded.ok ? loaded.set.instance : loaded.problems.map((each) => `${path.basename(each.file)}:${each.line}:${each.column}: ${each.message}`).join('; ');
}

test('A36: the symlink swap of a ConfigMap', async () => {
  for (const [version, text] of [['..one', ONE], ['..two', TWO]] as const) {
    await mkdir(at(version));
    await writeFile(at(`${version}/policies.yaml`), text);
  }
  await symlink('..one', at('..data'));
  await symlink('..data/policies.yaml', at('policies.yaml'));
  const files = await watching(dir.path);
  await symlink('..two', at('..data_tmp'));
  await rename(at('..data_tmp'), at('..data'));
  expect(await instanceIn(files)).toBe('two');
  expect(await instanceIn(files)).toBe('unchanged');
});

test('A36: a write in place, and one that leaves size and time of the last write as they were', async () => {
  const write = async (text: string): Promise<void> => {
    await writeFile(at('policies.yaml'), text);
    await utimes(at('policies.yaml'), 1_700_000_000, 1_700_000_000);
  };
  await write(ONE);
  const files = await watching(at('policies.yaml'));
  await write(TWO);
  expect(await instanceIn(files)).toBe('two');
});

test('A36: a write within the tick of the file system\'s clock is found: a fresh file is read again', async () => {
  await writeFile(at('policies.yaml'), ONE);
  const files = new WatchedPolicyFiles([dir.path]);
  const now = instant(Date.now());
  const { digest } = await files.readAll(now);
  expect((await files.read(now))?.digest).toBe(digest);
});

test('A36: a file renamed over it', async () => {
  await writeFile(at('policies.yaml'), ONE);
  const files = await watching(dir.path);
  await writeFile(at('policies.yaml.tmp'), TWO);
  await rename(at('policies.yaml.tmp'), at('policies.yaml'));
  expect(await instanceIn(files)).toBe('two');
});

test('a file added to a directory and taken out again', async () => {
  await writeFile(at('a.yaml'), ONE);
  const files = await watching(dir.path);
  await writeFile(at('b.yml'), TWO);
  expect(await instanceIn(files)).toMatch(/^b\.yml:2:11: instance is "two" here and "one" at /);
  await rm(at('b.yml'));
  expect(await instanceIn(files)).toBe('one');
  await writeFile(at('c.txt'), TWO);
  expect(await instanceIn(files)).toBe('unchanged');
});

test('several paths, each watched', async () => {
  await mkdir(at('more'));
  await writeFile(at('first.yaml'), ONE);
  await writeFile(at('more/second.yaml'), 'apiVersion: snapkeep/v1\n');
  const files = await watching(at('first.yaml'), at('more'));
  await writeFile(at('more/second.yaml'), 'apiVersion: snapkeep/v2\n');
  expect(await instanceIn(files)).toMatch(/^second\.yaml:1:13: /);
  await writeFile(at('first.yaml'), TWO);
  await writeFile(at('more/second.yaml'), 'apiVersion: snapkeep/v1\n');
  expect(await instanceIn(files)).toBe('two');
});

describe('what cannot be read is a change like any other', () => {
  test.each([
    ['emptied', async () => writeFile(at('policies.yaml'), ''), /^policies\.yaml:1:1: /],
    ['cut off', async () => writeFile(at('policies.yaml'), ONE.slice(0, 17)), /^policies\.yaml:1:\d+: /],
    ['no text', async () => writeFile(at('policies.yaml'), Buffer.from([0xff, 0xfe, 0xfd])), /not UTF-8 text/],
    ['a dangling symlink', async () => {
      await rm(at('policies.yaml'));
      await symlink('nowhere', at('policies.yaml'));
    }, /there is no such file/],
    ['the directory empty', async () => rm(at('policies.yaml')), /holds no \*\.yaml/],
    ['the directory gone', async () => dir.remove(), /there is no such file or directory/],
  ])('%s', async (_, change, message) => {
    await writeFile(at('policies.yaml'), ONE);
    const files = await watching(dir.path);
    await change();
    expect(await instanceIn(files)).toMatch(message);
    const { digest } = await files.readAll(later());
    expect((await files.readAll(later(40))).digest).toBe(digest);
    await mkdir(dir.path, { recursive: true });
    await rm(at('policies.yaml'), { force: true });
    await writeFile(at('policies.yaml'), TWO);
    expect(await instanceIn(files)).toBe('two');
  });
});

test('everything is read now and then, whatever the file system tells', async () => {
  await writeFile(at('policies.yaml'), ONE);
  const files = await watching(dir.path);
  expect(await files.read(later(25))).toBeNull();
  expect(await files.read(later(31))).not.toBeNull();
});
