import { describe, expect, test } from 'vitest';
import { FiringRequests } from '#app/firing-requests';
import { runReconciler } from '#app/reconcile';
import { requestManualFiring } from '#app/request-firing';
import { Scheduler } from '#app/scheduler';
import { supervise } from '#app/supervise';
import { Wakeable } from '#app/wakeable';
import { runWatch } from '#app/watch-loop';
import { watchStore } from '#app/watch-store';
import { MINUTE } from '#domain/time';
import { TARGET, World } from '../fakes/world.ts';

interface Loop {
  readonly name: string;
  readonly run: (world: World, signal: AbortSignal) => Promise<void>;
  /** Leaves it something to do. */
  readonly prepare: (world: World) => Promise<void>;
  readonly isDone: (world: World) => Promise<boolean>;
}

let lost = 0;

const loops: readonly Loop[] = [
  {
    name: 'watch',
    run: (world, signal) => runWatch(world.deps(), TARGET, new Wakeable(), signal),
    prepare: async (world) => {
      await world.plan();
      await world.work();
    },
    isDone: async (world) => (await world.onlyRun()).outcome === 'available',
  },
  {
    name: 'reconcile',
    run: (world, signal) => runReconciler(world.deps(), TARGET, signal),
    prepare: async (world) => {
      await world.plan();
      world.queue.lose((await world.onlyRun()).id);
    },
    isDone: async (world) => world.queue.size === 1,
  },
  {
    name: 'requests',
    run: (world, signal) => new FiringRequests(world.deps()).run(signal),
    prepare: async (world) => void (await requestManualFiring(world.deps(), world.policy, null)),
    isDone: async (world) => (await world.runs()).length === 1,
  },
  {
    name: 'scheduler',
    run: (world, signal) => new Scheduler(world.deps()).run(signal),
    // The schedule has changed, which the loop has to note.
    prepare: async (world) => void (await world.ledger.startPolicy(world.policy.name, { watermark: world.clock.now(), scheduleKey: 'another' })),
    isDone: async (world) => (await world.ledger.policyStates([world.policy.name])).get(world.policy.name)?.scheduleKey !== 'another',
  },
  {
    name: 'store',
    run: (world, signal) => watchStore(world, () => void (lost += 1), signal),
    prepare: async () => void (lost = 0),
    isDone: async () => lost === 1,
  },
];

describe('A42 (miracle2k/k8s-snapshots #62) a loop that ends without an error is started again and does its work within a minute', () => {
  test.each(loops)('$name', async ({ name, run, prepare, isDone }) => {
    const world = new World();
    await prepare(world);
    let lives = 0;
    const stop = new AbortController();
    const ended = supervise(world, name, async (signal) => {
      lives += 1;
      // Its first two lives end quietly, as a stream does whose other side has gone.
      if (lives > 2) await run(world, signal);
    }, stop.signal);
    expect(await isDone(world)).toBe(false);

    await world.clock.advance(MINUTE);

    expect(await isDone(world)).toBe(true);
    expect(lives).toBe(3);
    expect(world.telemetry.of('loop.failed')).toEqual([
      { loop: name, errorMessage: 'the loop ended by itself', restartMs: 1_000 },
      { loop: name, errorMessage: 'the loop ended by itself', restartMs: 2_000 },
    ]);
    stop.abort();
    await ended;
  });
});
