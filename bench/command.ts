import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { manyPolicies } from './many-policies.ts';

const POLICIES = 1_000;
const RUNS = 7;

/**
 * A whole command over a file of 1,000 policies, from the launcher to the end of the process, and beside it what the
 * launcher and Node take before any code of ours runs. The first run, which fills the compile cache, does not count.
 */
export async function benchCommand(name: string, argsFor: (file: string) => readonly string[], limitMs: number): Promise<readonly Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'snapkeep-bench-'));
  try {
    const args = argsFor(await manyPolicies(dir, POLICIES));
    await timed('bin/snapkeep', args);
    const whole: number[] = [];
    const bare: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      bare.push(await timed(process.execPath, ['-e', '0']));
      whole.push(await timed('bin/snapkeep', args));
    }
    return [
      { name: `${name}, ${POLICIES.toLocaleString('en')} policies`, value: median(whole), unit: 'ms', target: `< ${limitMs}`, ok: median(whole) < limitMs, samples: whole },
      { name: `${name}, of that bare node`, value: median(bare), unit: 'ms', target: null, ok: true, samples: bare },
    ];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function timed(command: string, args: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}`);
  return performance.now() - startedAt;
}
