import { describe, expect, test } from 'vitest';
import { chmod, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import path from 'node:path';
import { spawnSnapkeep } from './spawn-snapkeep.ts';
import { tempDir } from './temp-dir.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A checkout with the launcher, this repository's packages and a main.ts of ours. */
async function checkout(directory: string, main: string): Promise<string> {
  await mkdir(path.join(directory, 'bin'));
  await mkdir(path.join(directory, 'src'));
  await cp(path.join(root, 'bin/snapkeep'), path.join(directory, 'bin/snapkeep'));
  await symlink(path.join(root, 'node_modules'), path.join(directory, 'node_modules'));
  await writeFile(path.join(directory, 'package.json'), '{"type":"module"}');
  await writeFile(path.join(directory, 'src/main.ts'), main);
  return path.join(directory, 'bin/snapkeep');
}

const report = 'const pid: number = process.pid;\nconsole.log(JSON.stringify({ pid, args: process.argv.slice(2), version: process.version }));\n';

test('the launcher passes its arguments to Node 24, also through symbolic links', async () => {
  await using dir = await tempDir();
  const launcher = await checkout(dir.path, report);
  await mkdir(path.join(dir.path, 'elsewhere'));
  await symlink('../bin/snapkeep', path.join(dir.path, 'elsewhere/relative'));
  await symlink(path.join(dir.path, 'elsewhere/relative'), path.join(dir.path, 'absolute'));

  for (const file of [launcher, path.join(dir.path, 'elsewhere/relative'), path.join(dir.path, 'absolute')]) {
    const { stdout, stderr } = await run(file, ['plan', 'a b', '--x=', ''], { cwd: '/' });
    expect(JSON.parse(stdout)).toMatchObject({ args: ['plan', 'a b', '--x=', ''], version: expect.stringMatching(/^v24\./) });
    expect(stderr).toBe('');
  }
});

test('the launcher becomes Node: the same pid', async () => {
  await using dir = await tempDir();
  const launcher = await checkout(dir.path, report);
  const started = run(launcher, []);
  const { stdout } = await started;
  expect(JSON.parse(stdout)).toMatchObject({ pid: started.child.pid });
});

test('the launcher says what to do without packages, and with an old Node', async () => {
  await using dir = await tempDir();
  const launcher = path.join(dir.path, 'bin/snapkeep');
  await mkdir(path.dirname(launcher));
  await cp(path.join(root, 'bin/snapkeep'), launcher);
  await expect(run(launcher)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("run 'npm ci'") });

  await mkdir(path.join(dir.path, 'node_modules'));
  await mkdir(path.join(dir.path, 'old'));
  const old = path.join(dir.path, 'old/node');
  await writeFile(old, '#!/bin/sh\necho v20.1.0\n');
  await chmod(old, 0o755);
  const env = { ...process.env, PATH: `${path.dirname(old)}:/usr/bin:/bin` };
  await expect(run(launcher, [], { env })).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('needs Node.js 24 or newer') });
});

const service = `
const timer = setInterval(() => undefined, 1_000);
process.on('SIGTERM', () => { console.log('draining'); process.exitCode = 3; clearInterval(timer); });
console.error('starting');
console.log(JSON.stringify({ event: 'ready', pid: process.pid, colour: process.env['COLOUR'] }));
`;

test('a spawned process gives its lines, takes signals and tells how it ended', async () => {
  await using dir = await tempDir();
  const snapkeep = spawnSnapkeep(['serve'], { launcher: await checkout(dir.path, service), env: { COLOUR: 'blue' } });
  const ready = await snapkeep.waitForLine((line) => line.json?.['event'] === 'ready');
  expect(ready).toMatchObject({ stream: 'stdout', json: { pid: snapkeep.pid, colour: 'blue' } });
  snapkeep.kill('SIGTERM');
  expect(await snapkeep.waitForExit()).toEqual({ code: 3, signal: null });
  expect(snapkeep.stderr()).toBe('starting\n');
  expect(snapkeep.stdout()).toMatch(/draining\n$/);
  // Lines that came before the question count too.
  expect(await snapkeep.waitForLine((line) => line.text === 'draining')).toMatchObject({ json: undefined });
});

test('waiting for a line that never comes tells what was printed', async () => {
  await using dir = await tempDir();
  const launcher = await checkout(dir.path, service);
  const running = spawnSnapkeep(['serve'], { launcher });
  await running.waitForLine((line) => line.text === 'starting');
  await expect(running.waitForLine(() => false, 100)).rejects.toThrow(/snapkeep serve: no such line within 100 ms[^]*starting/);
  await expect(running.waitForExit(50)).rejects.toThrow(/still running after 50 ms/);
  running.kill('SIGKILL');
  await expect(running.waitForLine(() => false)).rejects.toThrow(/ended \(SIGKILL\) before such a line/);
});

describe('what a test leaves running', () => {
  let pid = 0;
  test('a test that forgets its process', async () => {
    const dir = await tempDir();
    const forgotten = spawnSnapkeep([], { launcher: await checkout(dir.path, service) });
    await forgotten.waitForLine((line) => line.text === 'starting');
    ({ pid } = forgotten);
    expect(process.kill(pid, 0)).toBe(true);
    await dir.remove();
  });
  test('is gone before the next one', () => {
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});
