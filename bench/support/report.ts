import { mkdir, writeFile } from 'node:fs/promises';
import { table } from '../../src/cli/table.ts';
import type { Figure } from '../figure.ts';

/** Where results go; not part of the repository. */
export const RESULTS = 'bench/results';

/** Prints the figures with their targets and the spread of their samples. */
export function printFigures(figures: readonly Figure[]): void {
  const rows = figures.map(({ name, value, unit, target, ok, samples, notRun }) => {
    if (notRun !== undefined) return [name, 'NOT RUN', target ?? '-', '', notRun];
    const verdict = target === null ? '' : ok ? 'met' : 'MISSED';
    return [name, `${shown(value)} ${unit}`, target ?? '-', verdict, `${shown(Math.min(...samples))} to ${shown(Math.max(...samples))} (${samples.length})`];
  });
  process.stdout.write(`${table(['BENCH', 'MEDIAN', 'TARGET', '', 'SAMPLES'], rows)}\n`);
}

export async function writeFigures(file: string, figures: readonly Figure[]): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(`${RESULTS}/${file}`, `${JSON.stringify({ node: process.version, figures }, null, 2)}\n`);
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
