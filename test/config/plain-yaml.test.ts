import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPlainYaml } from '#config/plain-yaml';
import { parseWhole, parseYaml } from '#config/yaml-source';

const folders = ['config', 'test/fixtures/valid', 'test/fixtures/invalid'];
const texts = folders.flatMap((folder) => readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)).map((name) => readFileSync(join(folder, name), 'utf8')));

/** What the parser says of a text that has no fault for it; undefined where it has one. */
function byParser(text: string): unknown {
  try {
    const { value, problems } = parseWhole('f', text);
    return problems.length === 0 ? value : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** True where the text was read without the parser, and then as the parser would. */
function agrees(text: string): boolean {
  const plain = readPlainYaml(text);
  if (plain === undefined) return false;
  expect(plain, JSON.stringify(text)).toEqual(byParser(text));
  return true;
}

test('policy files are read as the parser reads them, and most need no parser', () => {
  const read = texts.filter(agrees);
  expect(read.length).toBeGreaterThan(texts.length * 0.7);
});

/** Pieces in which YAML is easily misread. */
const piece = fc.constantFrom(
  ' ', '  ', '\n', '\n  ', '\n    ', '\n- ', '\n  - ', ':', ': ', ' #', '#', '- ', '-', ',', ', ', '[', ']', '{', '}', '"', "'", "''", '\\', '*', '&a ', '*a', '!x ', '|', '>', '? ', '%', '@', '`', '~', '\t', '\r\n',
  'a', 'b: ', 'name: ', 'null', 'true', 'False', 'yes', '0', '-1', '+1', '007', '0x1F', '0o17', '1e3', '.5', '5.', '.inf', '-.INF', '.nan', '1_000', '12:30', '2026-11-24', '<<: ', '__proto__: ', '---', '...', '\u00a0', '\u2028', 'ü', 'Ω: ', '😀', '\ufeff', '\u0007', '=', '/', '..', 'a: b', 'http://x.y', '(a)', '<b>', 'a?b', '[a, b]', '{ a: 1 }', '{a: b}', '{ a: b, }', '[]', '{}', '"a b"', "'c d'", '"a" # c', 'k:\n', 'k: # c\n',
);

test('any text of such pieces, too', () => {
  let read = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      for (const text of [pieces.join(''), `k: ${pieces.join('')}`, `k:\n  - a: ${pieces.join('')}\n    b: c\n`]) if (agrees(text)) read += 1;
    }),
    { numRuns: 6_000 },
  );
  expect(read).toBeGreaterThan(300);
});

test('and any policy file into which somebody slipped', () => {
  const slip = fc.record({ text: fc.constantFrom(...texts), at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.integer({ min: 0, max: 12 }), put: fc.array(piece, { maxLength: 3 }) });
  let read = 0;
  fc.assert(
    fc.property(slip, ({ text, at, cut, put }) => {
      const from = Math.floor(at * text.length);
      if (agrees(`${text.slice(0, from)}${put.join('')}${text.slice(from + cut)}`)) read += 1;
    }),
    { numRuns: 2_000 },
  );
  expect(read).toBeGreaterThan(200);
});

describe('one by one', () => {
  test.each([
    ['a key twice', 'a: 1\na: 2'],
    ['a key twice in brackets', 'a: { b: 1, b: 2 }'],
    ['an escape', 'a: "b\\n"'],
    ['a doubled quote', "a: 'it''s'"],
    ['a text that goes on', 'a: b\n  c'],
    ['a number with a sign', 'a: -1'],
    ['a leading zero', 'a: 007'],
    ['an alias', 'a: *b'],
    ['a tab', 'a:\tb'],
    ['two documents', 'a: b\n---\nc: d'],
    ['a list in a list', 'a:\n- - b'],
    ['nothing', '# only this\n'],
    ['a list at the top', '- a'],
  ])('%s is left to the parser', (_, text) => {
    expect(readPlainYaml(text)).toBeUndefined();
  });

  test('more values than a file may hold are left to the parser to count', () => {
    expect(readPlainYaml(`a: [${Array<string>(260_000).fill('b').join(', ')}]\n`)).toBeUndefined();
  });

  test('where things stand is known all the same', () => {
    const source = parseYaml('f', 'a:\n  - name: x\n    b: 1.10\n');
    expect(source.positionOf(['a', 0, 'b'])).toEqual({ line: 3, column: 8 });
    expect(source.keyPositionOf(['a', 0, 'b'])).toEqual({ line: 3, column: 5 });
    expect(source.has(['a', 0, 'name'])).toBe(true);
    expect(parseYaml('f', 'a: { b: c }').plainTextOf(['a', 'b'])).toBe('c');
  });
});
