import { mkdir, writeFile } from 'node:fs/promises';
import { table } from '../src/cli/table.ts';
import type { Figure } from './figure.ts';
import { benchClient } from './client.ts';
import { benchFiring } from './firing.ts';
import { benchLogging } from './logging.ts';
import { benchMetrics } from './metrics.ts';
import { benchPage } from './page.ts';
import { benchPlan } from './plan.ts';
import { benchRetention } from './retention.ts';
import { benchStart } from './start.ts';
import { benchValidate } from './validate.ts';

const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = { start: benchStart, client: benchClient, firing: benchFiring, page: benchPage, retention: benchRetention, metrics: benchMetrics, logging: benchLogging, validate: benchValidate, plan: benchPlan };

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => benches[name] === undefined);
if (unknown.length > 0) throw new Error(`no bench is called ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`);

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (chosen.length === 0 || chosen.includes(name)) figures.push(...(await bench()));
}
const rows = figures.map(({ name, value, unit, target, ok, samples }) => [
  name,
  `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`,
  target ?? '-',
  target === null ? '' : ok ? 'met' : 'missed',
  `${Math.min(...samples).toFixed(1)} to ${Math.max(...samples).toFixed(1)}`,
]);
process.stdout.write(`${table(['BENCH', 'MEDIAN', 'TARGET', '', 'SAMPLES'], rows)}\n`);
await mkdir('bench/results', { recursive: true });
await writeFile('bench/results/latest.json', `${JSON.stringify({ node: process.version, figures }, null, 2)}\n`);
