import { beforeEach, expect, test } from 'vitest';
import type { RunQueue, RunStep } from '#app/ports/run-queue';
import { runIdIn } from '#domain/naming/run-id';
import { addMs } from '#domain/time';
import type { Instant } from '#domain/time';

export interface RunQueueUnderTest {
  readonly queue: RunQueue;
  now(): Instant;
  /**
   * Hands run ids of the target to `execute` until `enough` holds. Everything that is due by then has been handed out.
   */
  work(target: string, execute: (runId: string) => Promise<RunStep>, enough: () => boolean): Promise<void>;
  /** Lets everything happen that follows from what was done, until `condition` holds. */
  until(condition: () => Promise<boolean>): Promise<void>;
}

const FAR = 3_600_000;
const idle = { waiting: 0, delayed: 0, active: 0 };

/** What every RunQueue does. `create` gives an empty one. */
export function runQueueContract(create: () => Promise<RunQueueUnderTest>): void {
  let under: RunQueueUnderTest;
  let queue: RunQueue;
  beforeEach(async () => {
    under = await create();
    ({ queue } = under);
  });
  const ids = (...names: readonly string[]): string[] => names.map((name) => runIdIn('0123456789abcdef', name));
  const now = (runIds: readonly string[]): { runId: string; at: Instant }[] => runIds.map((runId) => ({ runId, at: under.now() }));
  const done = async (): Promise<RunStep> => ({ kind: 'done' });

  test('nothing is in an empty queue, and adding nothing adds nothing', async () => {
    const [a] = ids('a');
    await queue.enqueue('t', []);
    expect(await queue.depth('t')).toEqual(idle);
    expect(await queue.missing('t', [a ?? ''])).toEqual([a]);
    expect(await queue.missing('t', [])).toEqual([]);
  });

  test('holds what was added, by target and state', async () => {
    const [a, b, c] = ids('a', 'b', 'c');
    await queue.enqueue('t', [...now([a ?? '']), { runId: b ?? '', at: addMs(under.now(), FAR) }]);
    expect(await queue.depth('t')).toEqual({ waiting: 1, delayed: 1, active: 0 });
    expect(await queue.depth('other')).toEqual(idle);
    expect(await queue.missing('t', [a ?? '', b ?? '', c ?? ''])).toEqual([c]);
    expect(await queue.missing('other', [a ?? ''])).toEqual([a]);
  });

  test('a run id that is in the queue is not added again, waiting or delayed', async () => {
    const [a, b] = ids('a', 'b');
    const entries = [{ runId: a ?? '', at: under.now() }, { runId: b ?? '', at: addMs(under.now(), FAR) }];
    await queue.enqueue('t', entries);
    await queue.enqueue('t', [...entries, { runId: b ?? '', at: under.now() }]);
    expect(await queue.depth('t')).toEqual({ waiting: 1, delayed: 1, active: 0 });
  });

  test('hands out each run id once, and none is left', async () => {
    const runIds = ids(...Array.from({ length: 25 }, (_, n) => `v${n}`));
    await queue.enqueue('t', now(runIds));
    const handed: string[] = [];
    await under.work('t', async (runId) => {
      handed.push(runId);
      return { kind: 'done' };
    }, () => handed.length >= runIds.length);
    expect(handed.toSorted()).toEqual(runIds.toSorted());
    await under.until(async () => (await queue.missing('t', runIds)).length === runIds.length);
    expect(await queue.depth('t')).toEqual(idle);
  });

  test('not before its time', async () => {
    const [soon, later, far] = ids('soon', 'later', 'far');
    const start = under.now();
    const at = new Map([[later ?? '', addMs(start, 120)], [soon ?? '', addMs(start, 40)]]);
    await queue.enqueue('t', [...[...at].map(([runId, time]) => ({ runId, at: time })), { runId: far ?? '', at: addMs(start, FAR) }]);
    const handed: string[] = [];
    const early: string[] = [];
    await under.work('t', async (runId) => {
      if (under.now() < (at.get(runId) ?? Infinity)) early.push(runId);
      handed.push(runId);
      return { kind: 'done' };
    }, () => handed.length >= 2);
    expect(early).toEqual([]);
    expect(handed).toEqual([soon, later]);
    expect(await queue.missing('t', [far ?? ''])).toEqual([]);
  });

  test('`again` brings it back at that time, however often', async () => {
    const [a] = ids('a');
    await queue.enqueue('t', now([a ?? '']));
    let notBefore = under.now();
    let early = 0;
    let count = 0;
    await under.work('t', async () => {
      if (under.now() < notBefore) early += 1;
      count += 1;
      if (count === 5) return { kind: 'done' };
      notBefore = addMs(under.now(), 25);
      return { kind: 'again', at: notBefore };
    }, () => count >= 5);
    expect({ count, early }).toEqual({ count: 5, early: 0 });
    await under.until(async () => (await queue.missing('t', [a ?? ''])).length === 1);
  });

  test('a run id that came to its end, or whose worker failed, can be added again', async () => {
    const [a] = ids('a');
    let count = 0;
    await queue.enqueue('t', now([a ?? '']));
    await under.work('t', async () => {
      count += 1;
      throw new Error('an unexpected one');
    }, () => count >= 1);
    await under.until(async () => (await queue.missing('t', [a ?? ''])).length === 1);
    for (const times of [2, 3]) {
      await queue.enqueue('t', now([a ?? '']));
      await under.work('t', async () => {
        count += 1;
        return done();
      }, () => count >= times);
      await under.until(async () => (await queue.missing('t', [a ?? ''])).length === 1);
    }
    expect(count).toBe(3);
  });

  test('an id that a worker has in hand is not missing, and not added a second time', async () => {
    const [a] = ids('a');
    await queue.enqueue('t', now([a ?? '']));
    let count = 0;
    let inHand: unknown = null;
    let missing: unknown = null;
    await under.work('t', async (runId) => {
      count += 1;
      await queue.enqueue('t', now([runId]));
      inHand = await queue.depth('t');
      missing = await queue.missing('t', [runId]);
      return { kind: 'done' };
    }, () => missing !== null);
    expect({ inHand, missing }).toEqual({ inHand: { waiting: 0, delayed: 0, active: 1 }, missing: [] });
    await under.until(async () => (await queue.missing('t', [a ?? ''])).length === 1);
    expect(await queue.depth('t')).toEqual(idle);
    expect(count).toBe(1);
  });
}
