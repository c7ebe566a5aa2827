import { beforeEach, describe, expect, test } from 'vitest';
import { QueueService } from '#app/queue-service';
import type { WorkerPulse } from '#app/ports/worker-pulse';
import { SECOND } from '#domain/time';
import { TARGET, World } from '../fakes/world.ts';

const busy = { isRunning: true, silentMs: 0, freeSlots: 5, taken: 0 };

describe('QueueService', () => {
  let world: World;
  let pulse: WorkerPulse;
  let service: QueueService;

  beforeEach(() => {
    world = new World();
    pulse = busy;
    service = new QueueService(world.deps(), TARGET, () => pulse);
  });

  async function waiting(count: number): Promise<void> {
    await world.queue.enqueue(TARGET, Array.from({ length: count }, (_, index) => ({ runId: `r${index}`, at: world.clock.now() })));
  }

  /** Looks as the loop does, for so long. */
  async function lookFor(seconds: number): Promise<void> {
    const stop = new AbortController();
    const loop = service.run(stop.signal);
    await world.clock.advance(seconds * SECOND);
    stop.abort();
    await loop;
  }

  test('an idle queue that answers is served, however long nothing comes', async () => {
    await lookFor(3_600);
    expect(service.problem()).toBeNull();
  });

  test('one that has not answered for more than half a minute is not', () => {
    pulse = { ...busy, silentMs: 30_000 };
    expect(service.problem()).toBeNull();
    pulse = { ...busy, silentMs: 31_400 };
    expect(service.problem()).toBe(`the queue of target ${TARGET} has not answered its worker for 31 s`);
  });

  test('nor is one whose worker does not run', () => {
    pulse = { ...busy, isRunning: false };
    expect(service.problem()).toBe(`the worker of target ${TARGET} is not running`);
  });

  test('runs that wait beside a free slot for half a minute', async () => {
    await waiting(3);
    await lookFor(30);
    expect(service.problem()).toBeNull();
    await lookFor(10);
    expect(service.problem()).toBe(`runs of target ${TARGET} wait in the queue and none is handed out`);
    pulse = { ...busy, taken: 1 };
    expect(service.problem()).toBeNull();
    await lookFor(30);
    expect(service.problem()).toBeNull();
  });

  test('not where no slot is free, all that may be are under way on other replicas, or runs come later', async () => {
    await waiting(25);
    pulse = { ...busy, freeSlots: 0 };
    await lookFor(120);
    expect(service.problem()).toBeNull();

    pulse = busy;
    let ended = (): void => undefined;
    const held = new Promise<void>((resolve) => (ended = resolve));
    const active = Array.from({ length: 20 }, () => world.queue.step(async () => held.then(() => ({ kind: 'done' as const }))));
    await lookFor(120);
    expect(service.problem()).toBeNull();
    ended();
    await Promise.all(active);
    await lookFor(40);
    expect(service.problem()).not.toBeNull();
  });

  test('runs whose time has not come are not waiting', async () => {
    await world.queue.enqueue(TARGET, [{ runId: 'r1', at: (world.clock.now() + 3_600 * SECOND) as never }]);
    await lookFor(600);
    expect(service.problem()).toBeNull();
  });
});
