import { Queue } from 'bullmq';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/start-simulator.ts';
import { startProcess } from '../../test/support/redis-process.ts';
import type { FloorSetUp } from './floor-worker.ts';
import { NODE_FLAGS } from './node-flags.ts';
import { CONCURRENT_CREATES } from './policy-file.ts';

const QUEUE = 'floor';
const CHUNK = 500;

/** Create calls per second of a bare BullMQ worker over jobs that all stand in the queue before it starts. */
export async function floorPerSecond(volumes: number, options: SimulatorOptions): Promise<number> {
  await using redis = await startProcess({});
  await using cloud = await startSimulator({ volumes, snapshotsPerVolume: null, ...options });
  await enqueue(redis.url, cloud);
  const setUp: FloorSetUp = { redisUrl: redis.url, queue: QUEUE, cloudUrl: cloud.evsEndpoint, projectId: cloud.projectId, token: await logIn(cloud), jobs: volumes, concurrency: CONCURRENT_CREATES };
  const worker = fork(fileURLToPath(new URL('floor-worker.ts', import.meta.url)), [JSON.stringify(setUp)], { execArgv: [...NODE_FLAGS] });
  const ended = once(worker, 'close');
  try {
    await once(worker, 'message');
    worker.send('go');
    const [{ ms }] = (await once(worker, 'message')) as [{ ms: number }];
    return (volumes * 1_000) / ms;
  } finally {
    worker.kill();
    await ended;
  }
}

async function enqueue(url: string, cloud: Simulator): Promise<void> {
  const queue = new Queue(QUEUE, { connection: { url } });
  const jobs = cloud.volumes().map(({ id }) => ({ name: 'create', data: {}, opts: { jobId: id, removeOnComplete: true, removeOnFail: true } }));
  for (let from = 0; from < jobs.length; from += CHUNK) await queue.addBulk(jobs.slice(from, from + CHUNK));
  await queue.close();
}

async function logIn({ identityEndpoint, projectId, credentials: { user, password, domain } }: Simulator): Promise<string> {
  const identity = { methods: ['password'], password: { user: { name: user, password, domain: { name: domain } } } };
  const answer = await fetch(`${identityEndpoint}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity, scope: { project: { id: projectId } } } }),
  });
  return answer.headers.get('x-subject-token') ?? '';
}
