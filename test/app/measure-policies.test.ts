import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measurePolicies } from '#app/measure-policies';
import { readStatus } from '#app/read-status';
import type { PolicyGauges } from '#app/views/policy-gauges';
import { HOUR, MINUTE, addMs, durationMs } from '#domain/time';
import { scheduleKey } from '#domain/schedule/schedule-key';
import { World, at, policyOf } from '../fakes/world.ts';

const hourly = policyOf('hourly', { schedule: { cron: ['0 * * * *'] }, rpo: durationMs(66 * MINUTE) });
const START = '2026-11-24T02:00:00Z';

async function measure(world: World): Promise<PolicyGauges> {
  const [gauges] = await measurePolicies({ ledger: world.ledger, policies: world.policies, since: () => at(START) });
  if (gauges === undefined) throw new Error('no policy was measured');
  return gauges;
}

/** One due time dealt with, as the scheduler does it. */
async function fire(world: World): Promise<void> {
  const due = world.clock.now();
  await world.ledger.startPolicy('hourly', { watermark: addMs(due, -1), scheduleKey: scheduleKey(hourly.schedule) });
  await world.plan(due);
  await world.ledger.advanceWatermark('hourly', scheduleKey(hourly.schedule), due);
  await world.finish();
}

const seconds = (iso: string): number => at(iso) / 1000;

describe('what the gauges show of a policy', () => {
  test('after two good firings', async () => {
    const world = new World({ now: START, policies: [hourly], volumes: ['v1', 'v2'] });
    await fire(world);
    await world.clock.advanceTo('2026-11-24T03:00:00Z');
    await fire(world);
    await world.clock.advanceTo('2026-11-24T03:30:00Z');
    expect(await measure(world)).toMatchObject({ policy: 'hourly', target: 'eu-prod', volumes: 2, overdue: 0, rpoSeconds: 3960, lastFiringSeconds: seconds('2026-11-24T03:00:00Z'), nextDueSeconds: seconds('2026-11-24T04:00:00Z') });
  });

  test('A41 while nobody schedules the lag rises with every second, and the next due time is the first one missed', async () => {
    const world = new World({ now: START, policies: [hourly], volumes: ['v1', 'v2'] });
    await fire(world);
    const before = await measure(world);
    await world.clock.advance(2 * HOUR);
    const after = await measure(world);
    expect((after.rpoLagSeconds ?? 0) - (before.rpoLagSeconds ?? 0)).toBe(7_200);
    expect(after).toMatchObject({ overdue: 2, nextDueSeconds: seconds('2026-11-24T03:00:00Z') });
    // For people the next one is the one to come.
    expect((await readStatus(world)).policies[0]?.nextDue).toBe('2026-11-24T05:00:00Z');
  });

  test('A41 a volume that leaves the selection takes its lag along', async () => {
    const world = new World({ now: START, policies: [hourly], volumes: ['v1'] });
    await fire(world);
    await world.clock.advance(2 * HOUR);
    world.cloud.volumes.clear();
    await world.plan(at('2026-11-24T04:00:00Z'));
    expect(await measure(world)).toMatchObject({ volumes: 0, overdue: 0, rpoLagSeconds: null });
  });

  test('a paused policy has no next due time, paused by command or in its file', async () => {
    const world = new World({ now: START, policies: [hourly] });
    await fire(world);
    await world.ledger.pause('hourly', world.clock.now());
    expect((await measure(world)).nextDueSeconds).toBeNull();
    await world.ledger.resume('hourly');
    expect((await measure(world)).nextDueSeconds).not.toBeNull();
    world.setPolicies({ ...hourly, paused: true });
    expect((await measure(world)).nextDueSeconds).toBeNull();
  });

  test('a policy that no scheduler has ever taken up is late from its first due time on', async () => {
    const world = new World({ now: '2026-11-24T08:20:00Z', policies: [hourly] });
    expect(await measure(world)).toEqual({ policy: 'hourly', target: 'eu-prod', volumes: 0, overdue: 0, rpoSeconds: 3960, rpoLagSeconds: null, lastFiringSeconds: null, nextDueSeconds: seconds('2026-11-24T03:00:00Z') });
  });

  test('hundreds of policies come in their order, and none without its own numbers', async () => {
    const world = new World({ policies: Array.from({ length: 250 }, (_, n) => policyOf(`p${n}`)) });
    for (let n = 0; n < 250; n += 1) await world.ledger.setCovered(`p${n}`, Array.from({ length: n % 4 }, (_each, v) => `v${v}`), world.clock.now());
    const measured = await measurePolicies({ ledger: world.ledger, policies: world.policies, since: () => at(START) });
    expect(measured.map(({ policy, volumes }) => [policy, volumes])).toEqual(Array.from({ length: 250 }, (_, n) => [`p${n}`, n % 4]));
  });

  test('volumes, overdue ones and the lag agree with what `status` says, to the millisecond', async () => {
    const age = fc.integer({ min: -2_000, max: 12_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(age, { maxLength: 6 }), fc.integer({ min: 1, max: 9_000 }), async (ages, rpo) => {
        const world = new World({ policies: [policyOf('p', { rpo: durationMs(rpo) })] });
        await world.ledger.setCovered('p', ages.map((_, n) => `v${n}`), world.clock.now());
        for (const [n, ms] of ages.entries()) await world.ledger.markGood('p', `v${n}`, addMs(world.clock.now(), -ms));
        const [status] = (await readStatus(world)).policies;
        expect(await measure(world)).toMatchObject({ volumes: status?.volumes, overdue: status?.overdueVolumes.length, rpoLagSeconds: status?.rpoLagSeconds, rpoSeconds: status?.rpoSeconds });
      }),
      { numRuns: 200 },
    );
  });
});
