import { pruneFigures, runFigures } from './calls.ts';
import { bytesFigures } from './fan-out.ts';
import type { Figure } from './figure.ts';
import { printFigures, writeFigures } from './support/report.ts';

/*
 * The part of the benches that can be held against a change on any machine: counts and sizes, never times. Ends with 1
 * where one of them is over its target.
 */

const VOLUMES = 1_000;

const figures: Figure[] = [...(await pruneFigures(VOLUMES)), ...(await runFigures(VOLUMES)), ...(await bytesFigures(VOLUMES * 10))];
printFigures(figures);
await writeFigures('counts.json', figures);
process.exitCode = figures.every(({ ok }) => ok) ? 0 : 1;
