import { mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSecretSource } from '#adapters/iam/secret-source';
import { failureOf } from '../evs/cloud-fixture.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secret-'));
});
afterEach(async () => rm(folder, { recursive: true }));

it.each([
  ['plain', 'plain'],
  ['with line end\n', 'with line end'],
  ['windows\r\n', 'windows'],
  ['two line ends\n\n', 'two line ends\n'],
  [' blanks ', ' blanks '],
])('reads %j from file and environment alike', async (text, expected) => {
  const file = join(folder, 'secret');
  await writeFile(file, text);
  const read: string[] = [];
  const secrets = createSecretSource({ env: { S: text }, onRead: (secret) => read.push(secret) });
  expect(await secrets.read({ file })).toBe(expected);
  expect(await secrets.read({ env: 'S' })).toBe(expected);
  expect(read).toEqual([expected, expected]);
});

it('reads a file again when Kubernetes swaps the folder behind it', async () => {
  await writeFile(join(folder, 'a'), 'first');
  await writeFile(join(folder, 'b'), 'other');
  const file = join(folder, 'secret');
  await symlink('a', file);
  const secrets = createSecretSource({ env: {} });
  expect(await secrets.read({ file })).toBe('first');
  await symlink('b', join(folder, 'next'));
  await rename(join(folder, 'next'), file);
  expect(await secrets.read({ file })).toBe('other');
  await writeFile(join(folder, 'b'), 'longer than before');
  expect(await secrets.read({ file })).toBe('longer than before');
});

it('reads a file again that was written to without a change of size or time of the last write', async () => {
  const file = join(folder, 'secret');
  await writeFile(file, 'first');
  // As long ago as a file that nobody has touched since the start.
  await utimes(file, 1_700_000_000, 1_700_000_000);
  const secrets = createSecretSource({ env: {} });
  expect(await secrets.read({ file })).toBe('first');
  await writeFile(file, 'other');
  await utimes(file, 1_700_000_000, 1_700_000_000);
  expect(await secrets.read({ file })).toBe('other');
});

it('says where a secret is missing, never what it is', async () => {
  const secrets = createSecretSource({ env: { EMPTY: '\n' } });
  const file = join(folder, 'secret');
  const whole = (message: string) => ({ kind: 'auth', httpStatus: null, code: 'secret', message, requestId: null, retryAfterMs: null, outcomeUnknown: false });
  expect(await failureOf(secrets.read({ file }))).toEqual(whole(`secret file ${file} cannot be read: ENOENT`));
  expect(await failureOf(secrets.read({ env: 'NONE' }))).toEqual(whole('environment variable NONE is not set or empty'));
  expect(await failureOf(secrets.read({ env: 'EMPTY' }))).toEqual(whole('environment variable EMPTY is not set or empty'));
  await writeFile(file, '');
  expect(await failureOf(secrets.read({ file }))).toEqual(whole(`secret file ${file} is empty`));
  await writeFile(file, 'x'.repeat(70_000));
  expect(await failureOf(secrets.read({ file }))).toEqual(whole(`secret file ${file} is over 65536 bytes`));
});
