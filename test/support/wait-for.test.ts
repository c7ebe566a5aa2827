import { expect, test } from 'vitest';
import { waitFor } from './wait-for.ts';

test('waitFor gives the first answer that is liked', async () => {
  let count = 0;
  expect(await waitFor(() => (count += 1), (value) => value >= 3, { intervalMs: 1 })).toBe(3);
});

test('waitFor throws at its deadline with the last value', async () => {
  await expect(waitFor(() => 'still starting', (value) => value === 'ready', { timeoutMs: 30, intervalMs: 5, what: 'readiness' })).rejects.toThrow(
    "waited 30 ms for readiness; the last value was 'still starting'",
  );
});

test('waitFor throws at its deadline with the last error as the cause', async () => {
  const failure = new Error('refused');
  const waited = waitFor(() => Promise.reject(failure), Boolean, { timeoutMs: 30, intervalMs: 5 });
  await expect(waited).rejects.toMatchObject({ cause: failure });
});
