import { expect, test } from 'vitest';
import { durationMs } from '#domain/time';
import { LocalCallLimiter } from '../../../src/adapters/evs/local-call-limiter.ts';

/** A limiter, what it told of refusals, and how long calls through it take. */
function limiter(requestsPerSecond: number | null) {
  const told: number[] = [];
  const calls = new LocalCallLimiter({ requestsPerSecond, onThrottled: (delayMs) => void told.push(delayMs) });
  const take = async (count: number, signal?: AbortSignal): Promise<number> => {
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: count }, async () => calls.acquire('list_volumes', 'prune', signal)));
    return performance.now() - startedAt;
  };
  return { calls, told, take };
}

const throttled = { operation: 'list_volumes', result: 'throttled', durationMs: 1 } as const;

test('calls go at the rate, the first at once', async () => {
  const { take } = limiter(50);
  // Six calls are five intervals of 20 ms; a timer may be a little early.
  expect(await take(6)).toBeGreaterThan(95);
});

test('without a rate all go at once', async () => {
  const { take } = limiter(null);
  expect(await take(1_000)).toBeLessThan(500);
});

test('a refusal holds the next calls back as long as the cloud says', async () => {
  const { calls, told, take } = limiter(null);
  calls.report({ ...throttled, retryAfterMs: 120, rate: null });
  expect(told).toEqual([120]);
  expect(await take(1)).toBeGreaterThan(110);
});

test('a limit that the cloud names is kept from then on', async () => {
  const { calls, take } = limiter(1_000);
  calls.report({ ...throttled, retryAfterMs: 0, rate: { limit: 20, window: durationMs(1_000) } });
  expect(await take(4)).toBeGreaterThan(140);
});

test('anything but a refusal for too many calls changes nothing, and waiting ends with its signal', async () => {
  const { calls, told, take } = limiter(0.1);
  for (const result of ['ok', 'auth', 'transient'] as const) calls.report({ ...throttled, result, retryAfterMs: 5_000, rate: null });
  expect(told).toEqual([]);
  await take(1);
  const stopping = new AbortController();
  const waiting = take(1, stopping.signal);
  stopping.abort();
  await expect(waiting).rejects.toThrow(/abort/i);
});
