import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { licenceProblems, shippedPackages } from '../../config/tooling/licences.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('every package that is shipped has a licence that may be', () => {
  expect(licenceProblems(shippedPackages(root))).toEqual([]);
});

test('what is shipped is what the image installs: the dependencies of the service, and neither compiler nor tests', () => {
  const names = shippedPackages(root).map(({ name }) => name.replace(/@[^@]+$/, ''));

  expect(names).toEqual(expect.arrayContaining(['bullmq', 'fastify', 'pino', 'undici']));
  for (const tool of ['node', 'typescript', 'vitest', 'msgpackr-extract']) expect(names).not.toContain(tool);
});

test.each([
  { licence: 'GPL-3.0-only', problem: 'x@1: GPL-3.0-only is not on the list of licences that may be shipped' },
  { licence: '(MIT OR GPL-3.0-only)', problem: 'x@1: (MIT OR GPL-3.0-only) is not on the list of licences that may be shipped' },
  { licence: undefined, problem: 'x@1: says no licence' },
  { licence: { type: 'MIT' }, problem: 'x@1: says no licence' },
])('a licence of $licence is a problem', ({ licence, problem }) => {
  expect(licenceProblems([{ name: 'x@1', licence }])).toEqual([problem]);
});
