import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { Queue } from 'bullmq';

/** The board of these queues, to look at only, as a plugin for the HTTP server. A job's id is all there is to it: it has no data. */
export function queueBoard(queues: readonly Queue[], basePath: string): ReturnType<FastifyAdapter['registerPlugin']> {
  const serverAdapter = new FastifyAdapter().setBasePath(basePath);
  const adapters = queues.map((queue) => new BullMQAdapter(queue, { readOnlyMode: true, allowRetries: false }));
  createBullBoard({ queues: adapters, serverAdapter, options: { uiConfig: { boardTitle: 'snapkeep queues', hideRedisDetails: true } } });
  return serverAdapter.registerPlugin();
}
