import type { Worker } from 'bullmq';

/**
 * Takes no more jobs, lets those in hand finish, and after `drainMs` hands them back to the queue. Resolves at the
 * latest shortly after, also with Redis away, where BullMQ's own close never would. False where a job was cut off.
 */
export async function closeWorker(worker: Worker, drainMs: number): Promise<boolean> {
  const closed = worker.close().then(
    () => true,
    () => false,
  );
  if (await within(closed, drainMs)) return true;
  worker.cancelAllJobs('shutdown');
  if (await within(closed, 2_000)) return true;
  await within(worker.close(true), 1_000);
  return false;
}

async function within(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then((value) => value !== false), late]);
  } finally {
    clearTimeout(timer);
  }
}
