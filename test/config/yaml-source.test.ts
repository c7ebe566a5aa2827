import { describe, expect, it } from 'vitest';
import { parseYaml } from '#config/yaml-source';

const text = `# first
a: 1.10
b:
  - c: x
    "d e": [y, { f: ~ }]
  -
g: &anchor { h: i }
j: *anchor
k:
0755: octal
true: yes
`;

describe('parseYaml', () => {
  const source = parseYaml('p.yaml', text);

  it('gives plain values, keys as they are written', () => {
    expect(source.problems).toEqual([]);
    expect(source.value).toEqual({
      a: 1.1,
      b: [{ c: 'x', 'd e': ['y', { f: null }] }, null],
      g: { h: 'i' },
      j: { h: 'i' },
      k: null,
      '0755': 'octal',
      true: 'yes',
    });
  });

  it.each<[path: (string | number)[], line: number, column: number]>([
    [[], 2, 1],
    [['a'], 2, 4],
    [['b', 0], 4, 5],
    [['b', 0, 'c'], 4, 8],
    [['b', 0, 'd e', 1, 'f'], 5, 21],
    [['b', 0, 'missing'], 4, 5],
    [['b', 0, 'missing', 'deeper'], 4, 5],
    [['j', 'h'], 7, 17],
    [['k'], 9, 1],
    [['0755'], 10, 7],
    [['b', 'no list'], 4, 3],
  ])('%j stands at %d:%d', (path, line, column) => {
    expect(source.positionOf(path)).toEqual({ line, column });
  });

  it('finds keys', () => {
    expect(source.keyPositionOf(['b', 0, 'd e'])).toEqual({ line: 5, column: 5 });
    expect(source.keyPositionOf(['b', 0])).toEqual({ line: 4, column: 5 });
    expect(source.keyPositionOf(['missing'])).toEqual({ line: 2, column: 1 });
  });

  it.each<[path: (string | number)[], written: string | null]>([
    [['a'], '1.10'],
    [['k'], ''],
    [['b', 0, 'd e', 1, 'f'], '~'],
    [['b'], null],
    [['missing'], null],
  ])('%j is written %j', (path, written) => {
    expect(source.plainTextOf(path)).toBe(written);
  });

  it('knows a key without anything behind it, in braces too', () => {
    const braces = parseYaml('p.yaml', 'a: { b, c: }');

    expect(braces.value).toEqual({ a: { b: null, c: null } });
    expect(braces.plainTextOf(['a', 'b'])).toBe('');
    expect(braces.positionOf(['a', 'b'])).toEqual({ line: 1, column: 6 });
    expect(braces.has(['a', 'b'])).toBe(true);
  });

  it.each<[why: string, body: string, place: string, message: string]>([
    ['the same key in two spellings', 'a: { 1: x, "1": y }', '1:12', 'given twice'],
    ['a key twice, each further one reported', 'a: 1\nb: 2\na: 3\na: 4', '3:1 4:1', 'line 1 column 1'],
    ['a blank key', 'a: 1\n: 2', '2:1', 'a key must be text'],
    ['an alias as a key', 'a: &x b\n*x : 2', '2:1', 'a key must be text'],
    ['a tab and a bad escape, both', 'a: "\\q"\nb:\n\tc: 1', '1:5 3:1', ''],
  ])('refuses %s', (_why, body, place, message) => {
    const { problems } = parseYaml('p.yaml', body);

    expect(problems.map((each) => `${each.line}:${each.column}`).join(' ')).toBe(place);
    expect(problems[0]?.message).toContain(message);
  });

  it('takes the anchor that stands last before the alias', () => {
    expect(parseYaml('p.yaml', 'a: &x 1\nb: *x\nc: &x 2\nd: *x').value).toEqual({ a: 1, b: 1, c: 2, d: 2 });
  });

  it.each(['---\na: 1\n', 'a: 1\n...\n', 'a: 1\n---\n', '%YAML 1.2\n---\na: 1\n', '\uFEFFa: 1', 'a: 1\r\n'])('takes %j for one document', (body) => {
    expect(parseYaml('p.yaml', body)).toMatchObject({ value: { a: 1 }, problems: [] });
  });
});
