import { expect, test } from 'vitest';
import { measureVolumes } from '#app/measure-volumes';
import { HOUR, addMs } from '#domain/time';
import { TARGET, World, policyOf } from '../fakes/world.ts';

test('the lag of each volume of each policy; without a good snapshot since it is known', async () => {
  const world = new World({ policies: [policyOf('a'), policyOf('b')] });
  const now = world.clock.now();
  await world.ledger.setCovered('a', ['vol-2', 'vol-1'], addMs(now, -3 * HOUR));
  await world.ledger.setCovered('b', ['vol-1'], addMs(now, -3 * HOUR));
  await world.ledger.markGood('a', 'vol-1', addMs(now, -HOUR));
  const of = (policy: string, volume: string, lagSeconds: number) => ({ target: TARGET, policy, volume, lagSeconds });
  const all = [of('a', 'vol-1', 3_600), of('a', 'vol-2', 10_800), of('b', 'vol-1', 10_800)];
  expect(await measureVolumes(world)).toEqual({ lags: all, isCut: false });
  expect(await measureVolumes(world, 3)).toEqual({ lags: all, isCut: false });
  expect(await measureVolumes(world, 2)).toEqual({ lags: all.slice(0, 2), isCut: true });
});

test('never more than ten thousand', async () => {
  const world = new World({ policies: [policyOf('a'), policyOf('b')] });
  const volumes = Array.from({ length: 6_000 }, (_, index) => `vol-${index}`);
  for (const policy of ['a', 'b']) await world.ledger.setCovered(policy, volumes, world.clock.now());
  const { lags, isCut } = await measureVolumes(world);
  expect(lags).toHaveLength(10_000);
  expect(isCut).toBe(true);
});
