import { describe, expect, test } from 'vitest';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cruiseTree, violationsOf } from './cruise.ts';
import { entry, layers, rules } from './rules.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const planted = fileURLToPath(new URL('fixtures/dependencies', import.meta.url));

async function sourceFiles(tree: string): Promise<string[]> {
  const files = await readdir(path.join(tree, 'src'), { recursive: true });
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `src/${file}`)
    .toSorted();
}

describe('this repository', async () => {
  const result = await cruiseTree(root);

  test('breaks no rule', () => {
    const why = new Map(rules.map((rule) => [rule.name, rule.comment]));
    const found = violationsOf(result).map(({ from, to, rule }) => `${from} -> ${to}: ${rule} (${why.get(rule)})`);
    expect(found).toEqual([]);
  });

  test('was read whole: as many modules as there are files, none without its imports', async () => {
    const { modules } = result;
    const cruised = modules.map((module) => module.source).filter((source) => source.startsWith('src/'));
    expect(cruised.toSorted()).toEqual(await sourceFiles(root));
    // Proof that the parser understands what it reads: most files import something.
    expect(modules.filter((module) => module.dependencies.length > 0).length).toBeGreaterThan(cruised.length / 2);
  });

  test('has no file outside the layers', async () => {
    const strays = (await sourceFiles(root)).filter((file) => file !== entry && !layers.some((layer) => file.startsWith(`src/${layer}/`)));
    expect(strays).toEqual([]);
  });

  test('has no source file over 400 lines', async () => {
    const files = await sourceFiles(root);
    const lengths = await Promise.all(
      files.map(async (file) => ({ file, lines: (await readFile(path.join(root, file), 'utf8')).split('\n').length - 1 })),
    );
    expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
  });
});

describe('a tree with planted violations', () => {
  test('each rule catches what is planted for it, and nothing else is flagged', async () => {
    const files = await sourceFiles(planted);
    const texts = await Promise.all(files.map(async (file) => ({ file, text: await readFile(path.join(planted, file), 'utf8') })));
    const expected = texts.flatMap(({ file, text }) =>
      [...text.matchAll(/\/\/ breaks: (.*)$/gm)].flatMap(([, names = '']) => names.split(', ').map((name) => `${file} ${name}`)),
    );
    const found = violationsOf(await cruiseTree(planted)).map(({ from, rule }) => `${from} ${rule}`);
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  test('no rule is without a planted violation, none without a reason', async () => {
    const caught = new Set(violationsOf(await cruiseTree(planted)).map(({ rule }) => rule));
    expect(rules.filter(({ name = '' }) => !caught.has(name)).map(({ name }) => name)).toEqual([]);
    expect(rules.filter(({ comment = '' }) => comment.length < 40)).toEqual([]);
    expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length);
  });
});
