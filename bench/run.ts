import type { Figure } from './figure.ts';
import { benchCalls } from './calls.ts';
import { benchClient } from './client.ts';
import { benchFanOut } from './fan-out.ts';
import { benchFiring } from './firing.ts';
import { benchGrowth } from './growth.ts';
import { benchIdle } from './idle.ts';
import { benchInFlight } from './in-flight.ts';
import { benchLogging } from './logging.ts';
import { benchMetrics } from './metrics.ts';
import { benchOpenstack } from './openstack.ts';
import { benchPace } from './pace.ts';
import { benchPage } from './page.ts';
import { benchPlan } from './plan.ts';
import { benchRetention } from './retention.ts';
import { benchScaling } from './scaling.ts';
import { benchScheduler } from './scheduler.ts';
import { benchStart } from './start.ts';
import { benchValidate } from './validate.ts';
import { printFigures, writeFigures } from './support/report.ts';
import { benchThroughput } from './throughput.ts';

const benches: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  start: benchStart,
  throughput: benchThroughput,
  firing: benchFiring,
  pace: benchPace,
  scaling: benchScaling,
  calls: benchCalls,
  'fan-out': benchFanOut,
  'in-flight': benchInFlight,
  scheduler: benchScheduler,
  idle: benchIdle,
  openstack: benchOpenstack,
  client: benchClient,
  page: benchPage,
  retention: benchRetention,
  metrics: benchMetrics,
  logging: benchLogging,
  validate: benchValidate,
  plan: benchPlan,
  growth: benchGrowth,
};

/** Takes a quarter of an hour and has no targets: run when it is asked for by name. */
const onlyByName = new Set(['growth']);

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => benches[name] === undefined);
if (unknown.length > 0) throw new Error(`no bench is called ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`);

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (chosen.length === 0 ? onlyByName.has(name) : !chosen.includes(name)) continue;
  const startedAt = performance.now();
  try {
    figures.push(...(await bench()));
  } catch (error) {
    // The others are worth having all the same.
    process.stderr.write(`${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
  process.stderr.write(`${name}: ${((performance.now() - startedAt) / 1_000).toFixed(0)} s\n`);
}
printFigures(figures);
await writeFigures('latest.json', figures);
