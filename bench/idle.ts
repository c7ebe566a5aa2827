import { setTimeout } from 'node:timers/promises';
import { startSimulator } from '../src/simulator/start-simulator.ts';
import { startProcess } from '../test/support/redis-process.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { policyText, writePolicyFile } from './support/policy-file.ts';
import { cpuMs } from './support/process-facts.ts';
import { countCommands, sum } from './support/redis-facts.ts';
import { startService } from './support/service-process.ts';

const POLICIES = 10;
/** What starting leaves behind is over by then. */
const SETTLE_MS = 10_000;
const WINDOW_MS = 10_000;
const WINDOWS = 3;
const CPU_SHARE = 0.005;
const COMMANDS = 5;

/** A service in both roles with ten policies of which none is due: what it takes of the processor, and what it asks of Redis. */
export async function benchIdle(): Promise<readonly Figure[]> {
  await using redis = await startProcess({});
  await using cloud = await startSimulator({ volumes: 10 });
  await using dir = await tempDir('bench');
  const policies = Array.from({ length: POLICIES }, (_, at) => ({ name: `yearly-${at}`, cron: '0 0 0 1 1 *', volumes: 'vol-*' }));
  const config = await writePolicyFile(dir.path, policyText(cloud, policies));
  await using service = await startService({ role: 'all', config, redisUrl: redis.url, cloud });
  await setTimeout(SETTLE_MS);
  const [shares, rates]: [number[], number[]] = [[], []];
  for (let window = 0; window < WINDOWS; window += 1) {
    await using count = await countCommands(redis.url);
    const [startedAt, before] = [performance.now(), await cpuMs(service.pid)];
    await setTimeout(WINDOW_MS);
    const ms = performance.now() - startedAt;
    shares.push(((await cpuMs(service.pid)) - before) / ms);
    rates.push((sum(count.sent()) * 1_000) / ms);
  }
  const [share, rate] = [median(shares), median(rates)];
  return [
    { name: 'idle service, share of a core', value: share * 100, unit: '%', target: `< ${CPU_SHARE * 100}`, ok: share < CPU_SHARE, samples: shares.map((each) => each * 100) },
    { name: 'idle service, Redis commands', value: rate, unit: '/s', target: `< ${COMMANDS}`, ok: rate < COMMANDS, samples: rates },
  ];
}
