import { mkdir, writeFile } from 'node:fs/promises';
import { startSimulator } from '../src/simulator/start-simulator.ts';
import { startProcess } from '../test/support/redis-process.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { runFiring } from './support/firing-run.ts';
import { runInFlight } from './support/in-flight-run.ts';
import type { InFlight } from './support/in-flight-run.ts';
import { plot } from './support/plot.ts';
import type { Panel } from './support/plot.ts';
import { policyText, writePolicyFile } from './support/policy-file.ts';
import { residentMb } from './support/process-facts.ts';
import { RESULTS } from './support/report.ts';
import { startService } from './support/service-process.ts';
import { wakeUps } from './support/wake-ups.ts';

const QUEUED = [1_000, 10_000, 100_000, 1_000_000] as const;
/** All of them to the end; a million would take a quarter of an hour and more. */
const FINISHED = [1_000, 10_000, 100_000] as const;
const POLICIES = [10, 100, 1_000, 10_000] as const;
const AT_WORK_MS = 10_000;

/** How time and memory grow with volumes and policies, as figures and as a plot. Takes some ten minutes. */
export async function benchGrowth(): Promise<readonly Figure[]> {
  const queued: (readonly [number, InFlight])[] = [];
  for (const volumes of QUEUED) queued.push([volumes, await runInFlight({ volumes, policies: 1, atWorkMs: AT_WORK_MS })]);
  const finished: (readonly [number, number])[] = [];
  for (const volumes of FINISHED) finished.push([volumes, (await runFiring({ volumes, workers: 1, cloud: { creation: { minMs: 0, maxMs: 0 } } })).finishedMs / 1_000]);
  const policies: (readonly [number, PolicyCost])[] = [];
  for (const size of POLICIES) policies.push([size, await costOf(size)]);
  await mkdir(RESULTS, { recursive: true });
  await writeFile(`${RESULTS}/growth.svg`, plot(panelsOf(queued, finished, policies)));
  return [
    ...queued.flatMap(([volumes, { queuedMs, schedulerMb, workerMb, redisMb }]) => [
      figure(`due to all queued, ${count(volumes)} volumes`, queuedMs / 1_000, 's'),
      figure(`memory of the scheduler, ${count(volumes)} volumes`, schedulerMb, 'MB'),
      figure(`memory of a worker, ${count(volumes)} volumes`, workerMb, 'MB'),
      figure(`memory of Redis, ${count(volumes)} volumes queued`, redisMb, 'MB'),
    ]),
    ...finished.map(([volumes, seconds]) => figure(`due to all available, ${count(volumes)} volumes, one worker`, seconds, 's')),
    ...policies.flatMap(([number, { readyMs, residentMb: mb, wakeUpMs }]) => [
      figure(`start to ready, ${count(number)} policies`, readyMs / 1_000, 's'),
      figure(`resident memory when idle, ${count(number)} policies`, mb, 'MB'),
      figure(`one wake-up of the scheduler, ${count(number)} policies`, wakeUpMs, 'ms'),
    ]),
  ];
}

function figure(name: string, value: number, unit: string): Figure {
  return { name, value, unit, target: null, ok: true, samples: [value] };
}

function count(number: number): string {
  return number.toLocaleString('en');
}

interface PolicyCost {
  readonly readyMs: number;
  readonly residentMb: number;
  readonly wakeUpMs: number;
}

async function costOf(policies: number): Promise<PolicyCost> {
  await using redis = await startProcess({});
  await using cloud = await startSimulator({ volumes: 10 });
  await using dir = await tempDir('bench');
  const text = policyText(cloud, Array.from({ length: policies }, (_, at) => ({ name: `yearly-${at}`, cron: '0 0 0 1 1 *', volumes: 'vol-*' })));
  const config = await writePolicyFile(dir.path, text);
  const startedAt = performance.now();
  await using service = await startService({ role: 'all', config, redisUrl: redis.url, cloud });
  const readyMs = performance.now() - startedAt;
  return { readyMs, residentMb: await residentMb(service.pid), wakeUpMs: median((await wakeUps(policies)).wall) };
}

function panelsOf(queued: readonly (readonly [number, InFlight])[], finished: readonly (readonly [number, number])[], policies: readonly (readonly [number, PolicyCost])[]): readonly Panel[] {
  const [lastVolumes, lastSeconds] = finished.at(-1) ?? [Number.NaN, Number.NaN];
  const most = queued.at(-1)?.[0] ?? Number.NaN;
  return [
    {
      title: 'Time of a firing',
      x: 'volumes',
      y: 'seconds from the due time',
      lines: [
        { label: 'all queued', points: queued.map(([volumes, { queuedMs }]) => [volumes, queuedMs / 1_000]) },
        { label: 'all available, one worker', points: finished },
        { label: 'the same, in proportion', isComputed: true, points: [[lastVolumes, lastSeconds], [most, (lastSeconds * most) / lastVolumes]] },
      ],
    },
    {
      title: 'Memory with all volumes in flight',
      x: 'volumes',
      y: 'MB',
      lines: [
        { label: 'scheduler', points: queued.map(([volumes, { schedulerMb }]) => [volumes, schedulerMb]) },
        { label: 'worker', points: queued.map(([volumes, { workerMb }]) => [volumes, workerMb]) },
        { label: 'Redis', points: queued.map(([volumes, { redisMb }]) => [volumes, redisMb]) },
      ],
    },
    {
      title: 'Policies, none of them due',
      x: 'policies',
      y: 's, MB, ms',
      lines: [
        { label: 'start to ready, s', points: policies.map(([number, { readyMs }]) => [number, readyMs / 1_000]) },
        { label: 'resident memory, MB', points: policies.map(([number, cost]) => [number, cost.residentMb]) },
        { label: 'one wake-up of the scheduler, ms', points: policies.map(([number, { wakeUpMs }]) => [number, wakeUpMs]) },
      ],
    },
  ];
}
