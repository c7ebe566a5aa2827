import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import type { TempDir } from '../support/temp-dir.ts';

const run = promisify(execFile);

async function scriptFor(shell: string): Promise<string> {
  const child = spawnSnapkeep(['completion', shell]);
  expect(await child.waitForExit(20_000)).toEqual({ code: 0, signal: null });
  return child.stdout();
}

describe('bash', { timeout: 60_000 }, () => {
  let dir: TempDir;

  beforeAll(async () => {
    dir = await tempDir('completion');
    await writeFile(path.join(dir.path, 'snapkeep.bash'), await scriptFor('bash'));
    await writeFile(path.join(dir.path, 'policies one.yaml'), '');
  });

  afterAll(async () => dir.remove());

  /** What bash offers where the last word is being typed. */
  async function offered(...words: string[]): Promise<string[]> {
    const type = 'source ./snapkeep.bash; COMP_WORDS=(snapkeep "$@"); COMP_CWORD=$#; _snapkeep; printf "%s\\n" "${COMPREPLY[@]}"';
    const { stdout, stderr } = await run('bash', ['--norc', '-c', type, 'bash', ...words], { cwd: dir.path });
    expect(stderr).toBe('');
    return stdout.split('\n').filter((line) => line !== '').toSorted();
  }

  test.each([
    [['pl'], ['plan']],
    [['re'], ['restore', 'resume']],
    [['serve', '--role', ''], ['all', 'scheduler', 'worker']],
    [['plan', '--of'], ['--offline']],
    [['plan', 'nightly', '--horizon', '7d', '--j'], ['--json']],
    [['runs', ''], ['show']],
    [['runs', 'show', '--conf'], ['--config']],
    [['completion', ''], ['bash', 'fish', 'zsh']],
    [['status', '--config', 'poli'], ['policies one.yaml']],
    [['validate', 'poli'], ['policies one.yaml']],
    [['plan', '--horizon', ''], []],
    [['plan', 'p'], []],
  ])('%j', async (words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });

  test('is what bash itself would call for snapkeep', async () => {
    const { stdout } = await run('bash', ['--norc', '-c', 'source ./snapkeep.bash; complete -p snapkeep'], { cwd: dir.path });
    expect(stdout).toBe('complete -F _snapkeep snapkeep\n');
  });
});

test.each(['zsh', 'fish'])('%s: all commands and their flags are in it', { timeout: 60_000 }, async (shell) => {
  const script = await scriptFor(shell);
  for (const command of ['serve', 'validate', 'plan', 'restore', 'runs', 'show', 'completion']) expect(script).toMatch(new RegExp(`'${command}(:|')`));
  for (const flag of ['offline', 'horizon', 'strict', 'role', 'admin-token-file']) expect(script).toMatch(shell === 'zsh' ? new RegExp(`'--${flag}:`) : new RegExp(` -l ${flag} `));
  expect(script).toContain(shell === 'zsh' ? "compadd -- 'all' 'scheduler' 'worker'" : "-l role -x -a 'all scheduler worker'");
});

test('another shell is wrong usage and says which there are', { timeout: 60_000 }, async () => {
  const child = spawnSnapkeep(['completion', 'tcsh']);
  expect(await child.waitForExit(20_000)).toEqual({ code: 2, signal: null });
  expect(child.stderr()).toContain('Allowed choices are bash, zsh, fish');
});
