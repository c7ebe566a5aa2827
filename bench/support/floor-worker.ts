import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { Pool } from 'undici';

/*
 * The floor that a firing is measured against, a process of its own: a bare BullMQ worker that sends one bare create call for
 * each job and does nothing else. Arguments: a JSON object as below. Tells its parent when it is ready, starts when told to, tells
 * how long the jobs took, and runs until it is ended.
 */

export interface FloorSetUp {
  readonly redisUrl: string;
  readonly queue: string;
  readonly cloudUrl: string;
  readonly projectId: string;
  readonly token: string;
  readonly jobs: number;
  readonly concurrency: number;
}

const { redisUrl, queue, cloudUrl, projectId, token, jobs, concurrency } = JSON.parse(process.argv[2] ?? '') as FloorSetUp;
const pool = new Pool(cloudUrl, { connections: concurrency, pipelining: 1 });
const headers = { 'content-type': 'application/json', 'x-auth-token': token };

async function create(volumeId: string): Promise<void> {
  const body = JSON.stringify({ snapshot: { volume_id: volumeId, name: `floor-${volumeId}`, force: true, metadata: { team: 'payments' } } });
  const answer = await pool.request({ method: 'POST', path: `/v3/${projectId}/snapshots`, headers, body });
  const text = await answer.body.text();
  if (answer.statusCode !== 202) throw new Error(`the cloud answered ${answer.statusCode}: ${text}`);
}

const connection = new Redis(redisUrl, { maxRetriesPerRequest: null });
const worker = new Worker(queue, async (job) => create(job.id ?? ''), {
  connection,
  concurrency,
  autorun: false,
  removeOnComplete: { count: 0 },
});
let done = 0;
let startedAt = 0;
worker.on('completed', () => {
  done += 1;
  if (done === jobs) process.send?.({ ms: performance.now() - startedAt });
});
worker.on('failed', (_job, error) => {
  throw error;
});
await connection.ping();
process.once('message', () => {
  startedAt = performance.now();
  void worker.run();
});
process.send?.('ready');
