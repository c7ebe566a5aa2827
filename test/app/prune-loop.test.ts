import { expect, test } from 'vitest';
import { runPruning } from '#app/prune/prune-loop';
import { HOUR, MINUTE, SECOND } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { RetainedWorld, retaining } from '../fakes/retained-world.ts';
import { TARGET } from '../fakes/world.ts';

function world(): RetainedWorld {
  return new RetainedWorld({ policies: [retaining({ last: 1 })] });
}

/** Replicas that prune, until disposed of. */
function pruning(it: RetainedWorld, ...replicas: readonly string[]): AsyncDisposable {
  const stop = new AbortController();
  const loops = (replicas.length === 0 ? ['a'] : replicas).map((replica) => runPruning({ ...it.deps(), replica }, TARGET, stop.signal));
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(loops);
    },
  };
}

test('prunes what is noted within seconds, and tells when it is gone', async () => {
  const it = world();
  it.cloud.deletionMs = 4 * SECOND;
  await using _loop = pruning(it);
  await it.clock.advance(10 * SECOND);
  for (const count of [0, 1]) await it.fire(count);
  await it.clock.advance(MINUTE);
  expect(it.left()).toEqual(['1']);
  expect(it.telemetry.count('prune.deleted')).toBe(1);
});

test('sweeps once an hour, whichever replica comes first', async () => {
  const it = world();
  await using _loops = pruning(it, 'a', 'b');
  await it.clock.advance(3 * HOUR + 5 * MINUTE);
  expect(it.cloud.calls('volumePages', 'prune')).toBe(4);
});

test('a sweep that the cloud does not answer is tried again soon, not an hour later', async () => {
  const it = world();
  it.cloud.failNext('snapshotPages', answers.unavailable());
  await using _loop = pruning(it);
  await it.clock.advance(20 * SECOND);
  expect(it.telemetry.of('prune.postponed')).toMatchObject([{ target: TARGET, httpStatus: 503 }]);
  expect(it.cloud.calls('volumePages', 'prune')).toBe(0);
  await it.clock.advance(3 * MINUTE);
  expect(it.cloud.calls('volumePages', 'prune')).toBe(1);
  expect(it.telemetry.count('prune.postponed')).toBe(1);
});
