import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FiringRecord, Ledger, RunQuery } from '#app/ports/ledger';
import { firingIdOf, runIdIn } from '#domain/naming/run-id';
import { ended, newRun, withAttempt } from '#domain/run';
import type { EndedOutcome, Firing, Outcome, Run, RunPhase } from '#domain/run';
import { HOUR, MINUTE, addMs, durationMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';

export interface LedgerUnderTest {
  readonly ledger: Ledger;
  /** Lets time pass until `condition` holds; throws where it does not within a few seconds of the ledger's own time. */
  until(condition: () => Promise<boolean>): Promise<void>;
}

const LONG = durationMs(10 * MINUTE);
const SHORT = durationMs(40);
const T0 = at('2026-11-24T02:00:00Z');

function at(iso: string): Instant {
  return instant(Date.parse(iso));
}

function firingOf(policy: string, due: Instant = T0, fields: Partial<Firing> = {}): Firing {
  return { id: firingIdOf('contract', policy, due), policy, target: 'eu-prod', due, trigger: 'schedule', plannedAt: addMs(due, 250), ...fields };
}

function runOf(firing: Firing, volumeId: string, fields: Partial<Run> = {}): Run {
  return { ...newRun(runIdIn(firing.id, volumeId), { id: volumeId, name: `name of ${volumeId}`, named: false }), ...fields };
}

/** What every Ledger does. `create` gives an empty one. */
export function ledgerContract(create: () => Promise<LedgerUnderTest>): void {
  let ledger: Ledger;
  let until: LedgerUnderTest['until'];
  beforeEach(async () => {
    ({ ledger, until } = await create());
  });

  async function opened(policy: string, volumes: readonly string[], due: Instant = T0): Promise<{ firing: FiringRecord; runs: Run[] }> {
    const firing = await ledger.openFiring(firingOf(policy, due));
    const runs = volumes.map((volumeId) => runOf(firing, volumeId));
    await ledger.addRuns(firing, runs);
    return { firing, runs };
  }

  async function stored(run: Run): Promise<{ run: Run; revision: number }> {
    const found = await ledger.run(run.id);
    if (found === null) throw new Error(`no run ${run.id}`);
    return found;
  }

  /** The run with these changes, saved over whatever it is now. */
  async function move(firing: Firing, run: Run, changes: Partial<Run>): Promise<void> {
    const { run: was, revision } = await stored(run);
    expect(await ledger.saveRun(firing, { ...was, ...changes }, revision)).toBe(revision + 1);
  }

  async function end(firing: Firing, run: Run, outcome: EndedOutcome, phase: RunPhase = 'ended'): Promise<FiringRecord | null> {
    const { run: was, revision } = await stored(run);
    const last = ended(was, outcome, T0, null);
    const answer = await ledger.endRun(firing, { ...last, outcome, phase }, revision);
    if (answer === null) throw new Error('out of date');
    return answer.finished;
  }

  describe('time', () => {
    test('goes on and is about now', async () => {
      const first = await ledger.now();
      expect(Number.isInteger(first)).toBe(true);
      await until(async () => (await ledger.now()) > first);
    });
  });

  test('a store is new once', async () => {
    expect(await ledger.markInUse()).toBe(true);
    expect(await ledger.markInUse()).toBe(false);
    await ledger.startPolicy('p', { watermark: T0, scheduleKey: 'k1' });
    expect(await ledger.markInUse()).toBe(false);
  });

  describe('policies', () => {
    test('an unknown policy has no state', async () => {
      expect(await ledger.policyStates([])).toEqual(new Map());
      expect(await ledger.policyStates(['nobody'])).toEqual(new Map());
    });

    test('a policy starts once', async () => {
      expect(await ledger.startPolicy('p', { watermark: T0, scheduleKey: 'k1' })).toBe(true);
      expect(await ledger.startPolicy('p', { watermark: addMs(T0, 5), scheduleKey: 'k2' })).toBe(false);
      expect(await ledger.policyStates(['p', 'other'])).toEqual(new Map([['p', { watermark: T0, scheduleKey: 'k1' }]]));
    });

    test('the watermark moves forward only', async () => {
      await ledger.startPolicy('p', { watermark: T0, scheduleKey: 'k1' });
      const rows: readonly (readonly [number, boolean, number])[] = [
        [0, false, 0],
        [1, true, 1],
        [1, false, 1],
        [-1, false, 1],
        [2_000_000, true, 2_000_000],
        [1_999_999, false, 2_000_000],
      ];
      for (const [to, moved, stands] of rows) {
        expect(await ledger.advanceWatermark('p', 'k1', addMs(T0, to))).toBe(moved);
        expect((await ledger.policyStates(['p'])).get('p')?.watermark).toBe(addMs(T0, stands));
      }
    });

    test('of two that move the watermark to the same place, one does', async () => {
      await ledger.startPolicy('p', { watermark: T0, scheduleKey: 'k1' });
      const moved = await Promise.all(Array.from({ length: 8 }, () => ledger.advanceWatermark('p', 'k1', addMs(T0, 1))));
      expect(moved.filter(Boolean)).toHaveLength(1);
    });

    test('the watermark does not move under another schedule, nor for an unknown policy', async () => {
      await ledger.startPolicy('p', { watermark: T0, scheduleKey: 'k1' });
      expect(await ledger.advanceWatermark('p', 'k2', addMs(T0, 1))).toBe(false);
      expect(await ledger.advanceWatermark('nobody', 'k1', addMs(T0, 1))).toBe(false);
      expect(await ledger.policyStates(['nobody'])).toEqual(new Map());
    });

    test('a schedule changes once, and its watermark with it, back too', async () => {
      await ledger.startPolicy('p', { watermark: T0, scheduleKey: 'k1' });
      expect(await ledger.changeSchedule('p', 'k0', 'k2', T0)).toBe(false);
      expect(await ledger.changeSchedule('p', 'k1', 'k2', addMs(T0, -5))).toBe(true);
      expect(await ledger.changeSchedule('p', 'k1', 'k2', addMs(T0, 99))).toBe(false);
      expect(await ledger.changeSchedule('nobody', 'k1', 'k2', T0)).toBe(false);
      expect((await ledger.policyStates(['p'])).get('p')).toEqual({ watermark: addMs(T0, -5), scheduleKey: 'k2' });
      expect(await ledger.advanceWatermark('p', 'k1', addMs(T0, 1))).toBe(false);
    });

    test('a pause stays over start, watermark and schedule, from when it began, and ends once', async () => {
      expect(await ledger.pausedPolicies()).toEqual(new Map());
      await ledger.pause('p', T0);
      await ledger.pause('p', addMs(T0, 7));
      await ledger.pause('q', addMs(T0, 1));
      await ledger.startPolicy('p', { watermark: T0, scheduleKey: 'k1' });
      await ledger.advanceWatermark('p', 'k1', addMs(T0, 1));
      await ledger.changeSchedule('p', 'k1', 'k2', addMs(T0, 2));
      expect(await ledger.pausedPolicies()).toEqual(new Map([['p', T0], ['q', addMs(T0, 1)]]));
      expect(await ledger.resume('p')).toBe(T0);
      expect(await ledger.resume('p')).toBeNull();
      expect(await ledger.pausedPolicies()).toEqual(new Map([['q', addMs(T0, 1)]]));
    });
  });

  describe('requests', () => {
    test('a firing is asked for once, is open at once, and stays asked for until it is forgotten', async () => {
      const firing = firingOf('p', T0, { trigger: 'manual' });
      expect(await ledger.requestFiring(firing, ['vol-1'])).toBe(true);
      expect(await ledger.requestFiring(firing, null)).toBe(false);
      expect(await ledger.requestedFirings()).toEqual([{ firingId: firing.id, only: ['vol-1'] }]);
      expect(await ledger.firing(firing.id)).toMatchObject({ trigger: 'manual', total: null });
      expect((await ledger.firings('p', 1)).map(({ id }) => id)).toEqual([firing.id]);
      await ledger.closeFiring(firing);
      expect(await ledger.requestedFirings()).toHaveLength(1);
      await ledger.forgetRequest(firing.id);
      expect(await ledger.requestedFirings()).toEqual([]);
    });

    test('one that is recorded already is not asked for', async () => {
      const { firing } = await opened('p', []);
      expect(await ledger.requestFiring(firing, null)).toBe(false);
      expect(await ledger.requestedFirings()).toEqual([]);
    });
  });

  describe('leases', () => {
    test('one holds it, and may take it again', async () => {
      expect(await ledger.acquireLease('l', 'a', LONG)).toBe(true);
      expect(await ledger.acquireLease('l', 'b', LONG)).toBe(false);
      expect(await ledger.acquireLease('l', 'a', LONG)).toBe(true);
      expect(await ledger.acquireLease('other', 'b', LONG)).toBe(true);
    });

    test('only its holder lets go of it', async () => {
      await ledger.acquireLease('l', 'a', LONG);
      await ledger.releaseLease('l', 'b');
      expect(await ledger.acquireLease('l', 'b', LONG)).toBe(false);
      await ledger.releaseLease('l', 'a');
      await ledger.releaseLease('l', 'a');
      expect(await ledger.acquireLease('l', 'b', LONG)).toBe(true);
    });

    test('it ends by itself', async () => {
      await ledger.acquireLease('l', 'a', SHORT);
      await until(() => ledger.acquireLease('l', 'b', LONG));
      expect(await ledger.acquireLease('l', 'a', LONG)).toBe(false);
    });

    test('a longer time given by the holder counts', async () => {
      await ledger.acquireLease('l', 'a', SHORT);
      await ledger.acquireLease('short', 'a', SHORT);
      await ledger.acquireLease('l', 'a', LONG);
      await until(() => ledger.acquireLease('short', 'b', LONG));
      expect(await ledger.acquireLease('l', 'b', LONG)).toBe(false);
    });
  });

  test('the process of the store has a name that stays, and a firing keeps the one it was recorded in', async () => {
    const storeId = await ledger.storeId();
    expect(storeId).not.toBe('');
    expect(await ledger.storeId()).toBe(storeId);

    expect(await ledger.openFiring({ ...firingOf('p', T0), storeId })).toMatchObject({ storeId });
  });

  describe('volume holds', () => {
    test('one run holds a volume of a target', async () => {
      expect(await ledger.holdVolume('t', 'v', 'r1', LONG)).toBe('r1');
      expect(await ledger.holdVolume('t', 'v', 'r2', LONG)).toBe('r1');
      expect(await ledger.holdVolume('t', 'v', 'r1', LONG)).toBe('r1');
      expect(await ledger.holdVolume('t', 'w', 'r2', LONG)).toBe('r2');
      expect(await ledger.holdVolume('u', 'v', 'r2', LONG)).toBe('r2');
    });

    test('only the run that holds it lets go of it', async () => {
      await ledger.holdVolume('t', 'v', 'r1', LONG);
      await ledger.releaseVolume('t', 'v', 'r2');
      expect(await ledger.holdVolume('t', 'v', 'r2', LONG)).toBe('r1');
      await ledger.releaseVolume('t', 'v', 'r1');
      expect(await ledger.holdVolume('t', 'v', 'r2', LONG)).toBe('r2');
    });

    test('a run that ends lets go of its volume in the same step, one that is watched on does not', async () => {
      const { firing, runs: [done, watchedOn, other] } = await opened('p', ['v1', 'v2', 'v3']);
      if (done === undefined || watchedOn === undefined || other === undefined) throw new Error('no runs');
      for (const run of [done, watchedOn]) await ledger.holdVolume(firing.target, run.volumeId, run.id, LONG);
      await ledger.holdVolume(firing.target, other.volumeId, 'another', LONG);
      await end(firing, done, 'available');
      await end(firing, watchedOn, 'abandoned', 'creating');
      await end(firing, other, 'failed');
      expect(await ledger.holdVolume(firing.target, 'v1', 'next', LONG)).toBe('next');
      expect(await ledger.holdVolume(firing.target, 'v2', 'next', LONG)).toBe(watchedOn.id);
      expect(await ledger.holdVolume(firing.target, 'v3', 'next', LONG)).toBe('another');
    });

    test('a run that only moves on keeps its volume', async () => {
      const { firing, runs: [run] } = await opened('p', ['v1']);
      if (run === undefined) throw new Error('no run');
      await ledger.holdVolume(firing.target, run.volumeId, run.id, LONG);
      for (const phase of ['requesting', 'creating', 'queued'] as const) await move(firing, run, { phase });
      expect(await ledger.holdVolume(firing.target, 'v1', 'next', LONG)).toBe(run.id);
    });

    test('it ends by itself unless it is renewed', async () => {
      await ledger.holdVolume('t', 'v', 'r1', SHORT);
      await ledger.holdVolume('t', 'w', 'r1', SHORT);
      await ledger.holdVolume('t', 'w', 'r1', LONG);
      await until(async () => (await ledger.holdVolume('t', 'v', 'r2', LONG)) === 'r2');
      expect(await ledger.holdVolume('t', 'w', 'r2', LONG)).toBe('r1');
    });
  });

  describe('firings', () => {
    test('opening is done once and shows what stands there', async () => {
      const firing = firingOf('p');
      const open = { ...firing, total: null, counts: { pending: 0, available: 0, failed: 0, skipped: 0, abandoned: 0 }, creating: 0, finishedAt: null };
      expect(await ledger.openFiring(firing)).toEqual(open);
      expect(await ledger.openFiring({ ...firing, trigger: 'catch-up', plannedAt: addMs(T0, 99_000) })).toEqual(open);
      expect(await ledger.firing(firing.id)).toEqual(open);
      expect(await ledger.firing('0123456789abcdef')).toBeNull();
      expect(await ledger.openFirings()).toEqual([open]);
    });

    test('closing fixes the number of runs', async () => {
      const { firing } = await opened('p', ['v1', 'v2', 'v3']);
      expect((await ledger.firing(firing.id))?.total).toBeNull();
      expect(await ledger.closeFiring(firing)).toMatchObject({ total: 3, counts: { pending: 3 }, finishedAt: null });
      expect(await ledger.closeFiring(firing)).toMatchObject({ total: 3 });
      expect(await ledger.openFiring(firing)).toMatchObject({ total: 3 });
    });

    test('a firing without runs is finished when it is closed', async () => {
      const firing = await ledger.openFiring(firingOf('p'));
      await ledger.addRuns(firing, []);
      expect((await ledger.closeFiring(firing)).finishedAt).not.toBeNull();
      expect(await ledger.openFirings()).toEqual([]);
      expect(await ledger.firings('p', 10)).toHaveLength(1);
    });

    test('newest due time first, of this policy only, at most so many', async () => {
      for (const [policy, minutes] of [['p', 0], ['p', 20], ['q', 15], ['p', 10]] as const) await opened(policy, ['v'], addMs(T0, minutes * MINUTE));
      expect((await ledger.firings('p', 10)).map(({ due }) => (due - T0) / MINUTE)).toEqual([20, 10, 0]);
      expect((await ledger.firings('p', 2)).map(({ due }) => (due - T0) / MINUTE)).toEqual([20, 10]);
      expect(await ledger.firings('nobody', 10)).toEqual([]);
      expect((await ledger.openFirings()).map(({ policy, due }) => `${policy}${(due - T0) / MINUTE}`).toSorted()).toEqual(['p0', 'p10', 'p20', 'q15']);
    });

    test('all runs of a firing can be read, of a large one too', async () => {
      const volumes = Array.from({ length: 1_203 }, (_, n) => `v${n}`);
      const { firing } = await opened('p', volumes);
      const seen = new Set<string>();
      for await (const page of ledger.runsOfFiring(firing.id)) for (const { run } of page) seen.add(run.volumeId);
      expect(seen).toEqual(new Set(volumes));
      const none: unknown[] = [];
      for await (const page of ledger.runsOfFiring('0123456789abcdef')) none.push(...page);
      expect(none).toEqual([]);
    });
  });

  describe('runs', () => {
    test('a run comes back as it was recorded', async () => {
      const { firing, runs } = await opened('p', ['v1', 'v2']);
      const [first] = runs;
      expect(await ledger.run(first?.id ?? '')).toEqual({ run: first, revision: expect.any(Number), firing: expect.objectContaining(firingOf('p')) });
      expect(await ledger.run(runIdIn(firing.id, 'v3'))).toBeNull();
      expect(await ledger.run(runIdIn('0123456789abcdef', 'v1'))).toBeNull();
      expect(await ledger.run('not a run id')).toBeNull();
    });

    test('the runs of some volumes of a firing', async () => {
      const { firing, runs } = await opened('p', ['v1', 'v2', 'v3']);
      const found = await ledger.runsOn(firing.id, ['v3', 'v1', 'v9']);
      expect(found.toSorted((a, b) => a.volumeId.localeCompare(b.volumeId))).toEqual([runs[0], runs[2]]);
      expect(await ledger.runsOn(firing.id, [])).toEqual([]);
      expect(await ledger.runsOn('0123456789abcdef', ['v1'])).toEqual([]);
    });

    test('many runs at once, of several firings, each with its firing; unknown ones are left out', async () => {
      const first = await opened('p', Array.from({ length: 700 }, (_, n) => `v${n}`));
      const second = await opened('q', ['v1']);
      const changed = first.runs[3];
      if (changed === undefined) throw new Error('no run');
      await move(first.firing, changed, { phase: 'creating' });
      const all = [...first.runs, ...second.runs];
      const found = await ledger.runsById([...all.map(({ id }) => id), runIdIn(first.firing.id, 'nobody'), runIdIn('0123456789abcdef', 'v1'), 'no run id']);
      expect([...found.keys()].toSorted()).toEqual(all.map(({ id }) => id).toSorted());
      for (const { id } of all) expect(found.get(id)).toMatchObject((await ledger.run(id)) ?? { run: 'is not there' });
      expect(await ledger.runsById([])).toEqual(new Map());
    });

    test('every field of a run is kept', async () => {
      const { firing, runs: [run] } = await opened('p', ['vol: 1/ü']);
      if (run === undefined) throw new Error('no run');
      const failure = { kind: 'invalid', httpStatus: 400, code: 'EVS.5400', message: 'line one\nline "two" \u{1F4A5}', requestId: 'req-1' } as const;
      let full: Run = { ...run, named: true, volumeName: null, phase: 'requesting', tries: 3, requestedAt: addMs(T0, 1), snapshotId: 's-1', snapshotName: 'nightly', adopted: true, failure };
      for (const result of ['accepted', 'adopted', 'failed', 'unknown', 'throttled', 'error'] as const) {
        full = withAttempt(full, { at: addMs(T0, 2), result, httpStatus: null, code: null, message: null, requestId: null });
      }
      full = withAttempt(full, { at: addMs(T0, 3), result: 'failed', httpStatus: 400, code: 'c', message: '', requestId: 'q' });
      await move(firing, run, full);
      expect((await stored(run)).run).toEqual(full);
      await end(firing, run, 'failed');
      expect((await stored(run)).run).toEqual({ ...full, phase: 'ended', outcome: 'failed', finishedAt: T0, failure: null });
    });

    test('recording a run again changes nothing', async () => {
      const { firing, runs: [run] } = await opened('p', ['v1']);
      if (run === undefined) throw new Error('no run');
      await move(firing, run, { phase: 'creating', snapshotId: 's-1' });
      const before = await stored(run);
      await ledger.addRuns(firing, [runOf(firing, 'v1'), runOf(firing, 'v2')]);
      expect(await stored(run)).toEqual(before);
      expect(await ledger.closeFiring(firing)).toMatchObject({ total: 2, creating: 1 });
    });

    test('a save from an older revision is refused', async () => {
      const { firing, runs: [run] } = await opened('p', ['v1']);
      if (run === undefined) throw new Error('no run');
      const { revision } = await stored(run);
      const next = await ledger.saveRun(firing, { ...run, tries: 1 }, revision);
      expect(next).not.toBeNull();
      expect(await ledger.saveRun(firing, { ...run, tries: 7 }, revision)).toBeNull();
      expect(await ledger.endRun(firing, { ...ended(run, 'failed', T0, null), outcome: 'failed' }, revision)).toBeNull();
      expect(await stored(run)).toMatchObject({ run: { tries: 1, phase: 'queued' }, revision: next });
      expect(await ledger.saveRun(firing, runOf(firing, 'nobody'), 1)).toBeNull();
      expect(await ledger.run(runIdIn(firing.id, 'nobody'))).toBeNull();
    });

    test('of many saves from one revision exactly one is done', async () => {
      const { firing, runs: [run] } = await opened('p', ['v1']);
      if (run === undefined) throw new Error('no run');
      const { revision } = await stored(run);
      const saved = await Promise.all(Array.from({ length: 8 }, (_, n) => ledger.saveRun(firing, { ...run, tries: n }, revision)));
      expect(saved.filter((each) => each !== null)).toHaveLength(1);
      expect((await stored(run)).run.tries).toBe(saved.findIndex((each) => each !== null));
    });
  });

  describe('counts', () => {
    interface Stand {
      readonly creating?: number;
      readonly counts?: Partial<Record<Outcome, number>>;
      readonly watched?: boolean;
      readonly finished?: boolean;
    }
    type Step = readonly [phase: RunPhase, outcome: Outcome, then: Stand];
    const paths: Readonly<Record<string, readonly Step[]>> = {
      'made at once': [
        ['requesting', 'pending', { counts: { pending: 2 } }],
        ['creating', 'pending', { counts: { pending: 2 }, creating: 1, watched: true }],
        ['ended', 'available', { counts: { pending: 1, available: 1 } }],
      ],
      'tried again after an error': [
        ['creating', 'pending', { counts: { pending: 2 }, creating: 1, watched: true }],
        ['queued', 'pending', { counts: { pending: 2 } }],
        ['requesting', 'pending', { counts: { pending: 2 } }],
        ['requesting', 'pending', { counts: { pending: 2 } }],
        ['creating', 'pending', { counts: { pending: 2 }, creating: 1, watched: true }],
        ['creating', 'pending', { counts: { pending: 2 }, creating: 1, watched: true }],
        ['ended', 'failed', { counts: { pending: 1, failed: 1 } }],
      ],
      'refused': [['ended', 'failed', { counts: { pending: 1, failed: 1 } }]],
      'skipped': [['ended', 'skipped', { counts: { pending: 1, skipped: 1 } }]],
      'abandoned without a snapshot': [
        ['requesting', 'pending', { counts: { pending: 2 } }],
        ['ended', 'abandoned', { counts: { pending: 1, abandoned: 1 } }],
      ],
      'abandoned, then good': [
        ['creating', 'pending', { counts: { pending: 2 }, creating: 1, watched: true }],
        ['creating', 'abandoned', { counts: { pending: 1, abandoned: 1 }, watched: true }],
        ['ended', 'available', { counts: { pending: 1, available: 1, abandoned: 0 } }],
      ],
      'abandoned, then an error': [
        ['creating', 'pending', { counts: { pending: 2 }, creating: 1, watched: true }],
        ['creating', 'abandoned', { counts: { pending: 1, abandoned: 1 }, watched: true }],
        ['ended', 'failed', { counts: { pending: 1, failed: 1, abandoned: 0 } }],
      ],
    };
    test.each(Object.entries(paths))('%s', async (_, steps) => {
      const { firing, runs } = await opened('p', ['v1', 'other']);
      const [run, other] = runs;
      if (run === undefined || other === undefined) throw new Error('no runs');
      await ledger.closeFiring(firing);
      for (const [phase, outcome, { counts, creating = 0, watched = false }] of steps) {
        if (outcome === 'pending') await move(firing, run, { phase });
        else expect(await end(firing, run, outcome, phase)).toBeNull();
        expect(await ledger.firing(firing.id)).toMatchObject({ total: 2, creating, counts: { ...counts }, finishedAt: null });
        expect(await ledger.watched('eu-prod', 10)).toEqual(watched ? [run.id] : []);
      }
      const counts = (await ledger.firing(firing.id))?.counts;
      const finished = await end(firing, other, 'available');
      expect(finished).toMatchObject({ id: firing.id, creating: 0, counts: { pending: 0, available: (counts?.available ?? 0) + 1 }, finishedAt: expect.any(Number) });
      expect(await ledger.firing(firing.id)).toEqual(finished);
      expect(await ledger.openFirings()).toEqual([]);
    });

    test('any path through phases and outcomes leaves counts that agree with the runs', async () => {
      const step = fc.tuple(fc.nat(3), fc.constantFrom<RunPhase>('queued', 'requesting', 'creating', 'ended'), fc.constantFrom<EndedOutcome>('available', 'failed', 'skipped', 'abandoned'));
      let number = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 14 }), fc.nat(14), async (steps, closeAfter) => {
          number += 1;
          const { firing, runs } = await opened('property', ['v0', 'v1', 'v2', 'v3'], addMs(T0, number * HOUR));
          let finishes = 0;
          for (const [n, [which, phase, outcome]] of steps.entries()) {
            if (n === closeAfter) finishes += (await ledger.closeFiring(firing)).finishedAt === null ? 0 : 1;
            const run = runs[which];
            if (run === undefined) throw new Error('no run');
            const { run: was } = await stored(run);
            // What has ended stays so; what is abandoned may end otherwise.
            if (was.phase === 'ended') continue;
            if (phase === 'ended' || was.outcome !== 'pending') finishes += (await end(firing, run, outcome, outcome === 'abandoned' && phase === 'creating' ? 'creating' : 'ended')) === null ? 0 : 1;
            else await move(firing, run, { phase });
          }
          const closed = await ledger.closeFiring(firing);
          const all = await Promise.all(runs.map(stored));
          const of = (outcome: Outcome): number => all.filter(({ run }) => run.outcome === outcome).length;
          expect(closed.counts).toEqual({ pending: of('pending'), available: of('available'), failed: of('failed'), skipped: of('skipped'), abandoned: of('abandoned') });
          expect(closed.creating).toBe(all.filter(({ run }) => run.phase === 'creating' && run.outcome === 'pending').length);
          expect(closed.finishedAt !== null).toBe(of('pending') === 0);
          expect(finishes).toBeLessThanOrEqual(1);
          expect((await ledger.openFirings()).some(({ id }) => id === firing.id)).toBe(of('pending') > 0);
          const watched = new Set(await ledger.watched('eu-prod', 1_000));
          for (const { run } of all) expect(watched.has(run.id)).toBe(run.phase === 'creating');
        }),
        { numRuns: 40 },
      );
    });
  });

  describe('the end of a firing', () => {
    test('comes with its last run, once', async () => {
      const { firing, runs } = await opened('p', ['v1', 'v2', 'v3']);
      await ledger.closeFiring(firing);
      const answers: boolean[] = [];
      for (const run of runs) answers.push((await end(firing, run, 'available')) !== null);
      expect(answers).toEqual([false, false, true]);
    });

    test('stays on the list of ended firings until it is forgotten, in the order of the ends', async () => {
      const { firing, runs } = await opened('p', ['v1', 'v2']);
      await ledger.closeFiring(firing);
      const empty = await ledger.openFiring(firingOf('q'));
      await ledger.closeFiring(empty);
      await until(async () => (await ledger.now()) > ((await ledger.firing(empty.id))?.finishedAt ?? Infinity));
      expect(await ledger.endedFirings(10)).toEqual([empty.id]);
      for (const run of runs) await end(firing, run, 'failed');
      expect(await ledger.endedFirings(10)).toEqual([empty.id, firing.id]);
      expect(await ledger.endedFirings(1)).toEqual([empty.id]);
      await ledger.closeFiring(firing);

      await ledger.forgetEnded([empty.id, 'no such firing']);
      await ledger.forgetEnded([]);
      expect(await ledger.endedFirings(10)).toEqual([firing.id]);
      await ledger.forgetEnded([firing.id]);
      await ledger.closeFiring(firing);
      expect(await ledger.endedFirings(10)).toEqual([]);
      expect(await ledger.firing(firing.id)).toMatchObject({ counts: { failed: 2 } });
    });

    test('comes once where the last two end at the same time', async () => {
      const { firing, runs } = await opened('p', ['v1', 'v2']);
      await ledger.closeFiring(firing);
      const finished = await Promise.all(runs.map((run) => end(firing, run, 'available')));
      expect(finished.filter((each) => each !== null)).toHaveLength(1);
    });

    test('comes with closing where all runs have ended before', async () => {
      const { firing, runs } = await opened('p', ['v1', 'v2']);
      for (const run of runs) expect(await end(firing, run, 'skipped')).toBeNull();
      expect(await ledger.openFirings()).toHaveLength(1);
      expect(await ledger.closeFiring(firing)).toMatchObject({ total: 2, counts: { skipped: 2, pending: 0 }, finishedAt: expect.any(Number) });
      expect(await ledger.openFirings()).toEqual([]);
    });

    test('does not come again where an abandoned run turns out well', async () => {
      const { firing, runs: [run] } = await opened('p', ['v1']);
      if (run === undefined) throw new Error('no run');
      await ledger.closeFiring(firing);
      await move(firing, run, { phase: 'creating', snapshotId: 's-1' });
      const finished = await end(firing, run, 'abandoned', 'creating');
      expect(finished).toMatchObject({ counts: { abandoned: 1 } });
      expect(await end(firing, run, 'available')).toBeNull();
      expect(await ledger.firing(firing.id)).toMatchObject({ counts: { abandoned: 0, available: 1 }, finishedAt: finished?.finishedAt });
    });
  });

  describe('watched runs', () => {
    test('oldest first, at most so many, by target', async () => {
      const { firing, runs } = await opened('p', ['v1', 'v2', 'v3']);
      const elsewhere = await ledger.openFiring(firingOf('q', T0, { target: 'other' }));
      const far = runOf(elsewhere, 'v1');
      await ledger.addRuns(elsewhere, [far]);
      await move(elsewhere, far, { phase: 'creating' });
      const order = [runs[2], runs[0], runs[1]].filter((run) => run !== undefined);
      for (const run of order) {
        const before = await ledger.now();
        await until(async () => (await ledger.now()) > before);
        await move(firing, run, { phase: 'creating' });
      }
      expect(await ledger.watched('eu-prod', 10)).toEqual(order.map(({ id }) => id));
      expect(await ledger.watched('eu-prod', 2)).toEqual(order.slice(0, 2).map(({ id }) => id));
      expect(await ledger.watched('other', 10)).toEqual([far.id]);
      expect(await ledger.watched('nowhere', 10)).toEqual([]);
    });

    test('one whose record is gone can be taken off', async () => {
      const { firing, runs: [run] } = await opened('p', ['v1']);
      if (run === undefined) throw new Error('no run');
      await move(firing, run, { phase: 'creating' });
      await ledger.unwatch('other', run.id);
      expect(await ledger.watched('eu-prod', 10)).toEqual([run.id]);
      await ledger.unwatch('eu-prod', run.id);
      await ledger.unwatch('eu-prod', run.id);
      expect(await ledger.watched('eu-prod', 10)).toEqual([]);
    });
  });

  describe('history', () => {
    const volumes = ['v1', 'v2', 'v3', 'v4'];
    const outcomes: readonly Outcome[] = ['available', 'failed', 'skipped', 'pending'];

    async function history(firings: number): Promise<void> {
      for (let n = 0; n < firings; n += 1) {
        for (const policy of ['p', 'q']) {
          // Policies share every second due time, so that due times are equal across firings.
          const { firing, runs } = await opened(policy, volumes.slice(0, 1 + (n % 4)), addMs(T0, n * HOUR + (policy === 'q' && n % 2 === 1 ? MINUTE : 0)));
          await ledger.closeFiring(firing);
          for (const [k, run] of runs.entries()) {
            const outcome = outcomes[(n + k) % 4];
            if (outcome !== undefined && outcome !== 'pending') await end(firing, run, outcome);
          }
        }
      }
    }

    async function allPages(query: Omit<RunQuery, 'limit' | 'after'>, limits: readonly number[]): Promise<Run[]> {
      const runs: Run[] = [];
      let after: string | undefined;
      for (let page = 0; ; page += 1) {
        const limit = limits[page % limits.length] ?? 1;
        const answer = await ledger.runs({ ...query, limit, ...(after === undefined ? {} : { after }) });
        expect(answer.runs.length).toBeLessThanOrEqual(limit);
        // A `next` promises that there is more.
        if (answer.next !== null) expect(answer.runs).toHaveLength(limit);
        if (page > 0) expect(answer.runs).not.toHaveLength(0);
        runs.push(...answer.runs.map(({ run }) => run));
        if (answer.next === null) return runs;
        after = answer.next;
      }
    }

    test('paging by any limits yields what one answer does: each run once, in order', async () => {
      await history(28);
      const everything = await ledger.runs({ limit: 10_000 });
      expect(everything.next).toBeNull();
      expect(everything.runs).toHaveLength(28 * 2 * 2.5);
      const dues = everything.runs.map(({ firing }) => firing.due);
      expect(dues).toEqual(dues.toSorted((a, b) => b - a));
      expect(new Set(everything.runs.map(({ run }) => run.id)).size).toBe(everything.runs.length);

      const query = fc.record(
        {
          policy: fc.constantFrom('p', 'q', 'nobody'),
          volumeId: fc.constantFrom('v1', 'v3', 'v9'),
          outcome: fc.constantFrom(...outcomes, 'abandoned' as const),
          since: fc.nat(29 * 60).map((minutes) => addMs(T0, minutes * MINUTE)),
        },
        { requiredKeys: [] },
      );
      await fc.assert(
        fc.asyncProperty(query, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }), async (filter, limits) => {
          const expected = everything.runs.filter(
            ({ run, firing }) =>
              firing.policy === (filter.policy ?? firing.policy) &&
              run.volumeId === (filter.volumeId ?? run.volumeId) &&
              run.outcome === (filter.outcome ?? run.outcome) &&
              firing.due >= (filter.since ?? 0),
          );
          expect((await allPages(filter, limits)).map(({ id }) => id)).toEqual(expected.map(({ run }) => run.id));
        }),
        { numRuns: 50 },
      );
    });

    test('a firing of many runs is paged too', async () => {
      const many = Array.from({ length: 450 }, (_, n) => `v${n}`);
      const { runs } = await opened('p', many);
      const paged = await allPages({}, [199, 1, 200]);
      expect(paged.map(({ id }) => id).toSorted()).toEqual(runs.map(({ id }) => id).toSorted());
      expect(await allPages({ volumeId: 'v77' }, [1])).toEqual(runs.filter(({ volumeId }) => volumeId === 'v77'));
    });

    test('a new firing between two pages does not disturb them', async () => {
      await history(4);
      const before = await ledger.runs({ policy: 'p', limit: 100 });
      const first = await ledger.runs({ policy: 'p', limit: 3 });
      await opened('p', volumes, addMs(T0, 100 * HOUR));
      const rest = await ledger.runs({ policy: 'p', limit: 100, after: first.next ?? '' });
      expect([...first.runs, ...rest.runs].map(({ run }) => run.id)).toEqual(before.runs.map(({ run }) => run.id));
    });

    test('each run comes with its firing', async () => {
      await opened('p', ['v1']);
      expect((await ledger.runs({ limit: 1 })).runs).toEqual([{ run: runOf(firingOf('p'), 'v1'), firing: expect.objectContaining(firingOf('p')) }]);
    });

    test.each(['', 'x', '../..', '1.2.3'])('a cursor that is none is refused: %j', async (after) => {
      await expect(ledger.runs({ limit: 1, after })).rejects.toThrow(RangeError);
    });
  });

  describe('protections', () => {
    test('a volume is first seen once, and forgotten when it is covered no more', async () => {
      await ledger.setCovered('p', ['v1', 'v2'], T0);
      await ledger.setCovered('p', ['v2', 'v3'], addMs(T0, 5));
      await ledger.setCovered('q', ['v1'], addMs(T0, 7));
      expect(byVolume(await ledger.protections('p'))).toEqual([
        { volumeId: 'v2', lastGoodAt: null, firstSeenAt: T0 },
        { volumeId: 'v3', lastGoodAt: null, firstSeenAt: addMs(T0, 5) },
      ]);
      expect(await ledger.protections('q')).toEqual([{ volumeId: 'v1', lastGoodAt: null, firstSeenAt: addMs(T0, 7) }]);
      expect(await ledger.protections('nobody')).toEqual([]);
    });

    test('the newest good snapshot counts, in whatever order they come', async () => {
      await ledger.setCovered('p', ['v1', 'v2'], T0);
      for (const ms of [5, 9, 9, 7]) await ledger.markGood('p', 'v1', addMs(T0, ms));
      await ledger.markGood('q', 'v2', addMs(T0, 99));
      expect(byVolume(await ledger.protections('p')).map(({ lastGoodAt }) => lastGoodAt)).toEqual([addMs(T0, 9), null]);
    });

    test('the end of a run notes its good snapshot, in whatever order they come; one that is refused notes nothing', async () => {
      const volumes = ['v1', 'v2', 'v3'];
      const { firing, runs } = await opened('p', volumes);
      await ledger.setCovered('p', volumes, T0);
      await ledger.markGood('p', 'v2', addMs(T0, 9));
      for (const [index, run] of runs.entries()) {
        const { run: was, revision } = await stored(run);
        const last = { ...ended(was, 'available', T0, null), outcome: 'available' } as const;
        expect(await ledger.endRun(firing, last, index === 2 ? revision + 1 : revision, addMs(T0, 5))).toEqual(index === 2 ? null : expect.anything());
      }
      expect(await ledger.lastGoodOf('p', volumes)).toEqual(new Map([['v1', addMs(T0, 5)], ['v2', addMs(T0, 9)]]));
      expect(await ledger.standings([{ policy: 'p', overdueUntil: addMs(T0, 4) }])).toMatchObject([{ volumes: 3, overdue: 1, oldestAt: T0 }]);
      const { firing: later, runs: [uncovered] } = await opened('p', ['v9'], addMs(T0, HOUR));
      if (uncovered === undefined) throw new Error('no run');
      const { run: was, revision } = await stored(uncovered);
      await ledger.endRun(later, { ...ended(was, 'available', T0, null), outcome: 'available' }, revision, T0);
      expect(await ledger.standings([{ policy: 'p', overdueUntil: addMs(T0, 4) }])).toMatchObject([{ volumes: 3 }]);
    });

    test('a volume that comes back starts anew', async () => {
      await ledger.setCovered('p', ['v1'], T0);
      await ledger.markGood('p', 'v1', addMs(T0, 1));
      await ledger.setCovered('p', [], addMs(T0, 2));
      expect(await ledger.protections('p')).toEqual([]);
      await ledger.setCovered('p', ['v1'], addMs(T0, 3));
      expect(await ledger.protections('p')).toEqual([{ volumeId: 'v1', lastGoodAt: null, firstSeenAt: addMs(T0, 3) }]);
    });

    test('thousands of volumes', async () => {
      const many = Array.from({ length: 1_300 }, (_, n) => `v${n}`);
      await ledger.setCovered('p', many, T0);
      await ledger.setCovered('p', many.slice(650), addMs(T0, 1));
      expect((await ledger.protections('p')).map(({ volumeId }) => volumeId).toSorted()).toEqual(many.slice(650).toSorted());
    });
  });

  describe('standings', () => {
    test('of a policy that nobody has heard of: nothing', async () => {
      expect(await ledger.standings([{ policy: 'nobody', overdueUntil: T0 }])).toEqual([{ state: null, lastDue: null, volumes: 0, overdue: 0, oldestAt: null }]);
      expect(await ledger.standings([])).toEqual([]);
    });

    test('the watermark and the newest firing', async () => {
      await ledger.startPolicy('p', { watermark: T0, scheduleKey: 'k' });
      await opened('p', ['v1'], addMs(T0, HOUR));
      await opened('p', ['v1'], T0);
      const [standing] = await ledger.standings([{ policy: 'p', overdueUntil: T0 }]);
      expect(standing).toMatchObject({ state: { watermark: T0, scheduleKey: 'k' }, lastDue: addMs(T0, HOUR) });
    });

    test('hundreds of policies, each in its place', async () => {
      const names = Array.from({ length: 230 }, (_, n) => `p${n}`);
      for (const [n, name] of names.entries()) await ledger.startPolicy(name, { watermark: addMs(T0, n), scheduleKey: 'k' });
      const standings = await ledger.standings(names.map((policy) => ({ policy, overdueUntil: T0 })));
      expect(standings.map(({ state }) => state?.watermark)).toEqual(names.map((_, n) => addMs(T0, n)));
    });

    const change = fc.oneof(
      fc.record({ covered: fc.uniqueArray(fc.constantFrom('v1', 'v2', 'v3', 'v4'), { maxLength: 4 }) }),
      fc.record({ good: fc.constantFrom('v1', 'v2', 'v3', 'v4'), ms: fc.nat(20) }),
    );
    test('volumes, the overdue ones and the oldest date agree with the protections, whatever happened', async () => {
      let round = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(change, { maxLength: 12 }), fc.nat(25), async (changes, ms) => {
          round += 1;
          const policy = `p${round}`;
          for (const [n, each] of changes.entries()) {
            if ('covered' in each) await ledger.setCovered(policy, each.covered, addMs(T0, n));
            else await ledger.markGood(policy, each.good, addMs(T0, each.ms));
          }
          const overdueUntil = addMs(T0, ms);
          const dates = (await ledger.protections(policy)).map(({ lastGoodAt, firstSeenAt }) => lastGoodAt ?? firstSeenAt);
          const [standing] = await ledger.standings([{ policy, overdueUntil }]);
          expect(standing).toMatchObject({
            volumes: dates.length,
            overdue: dates.filter((date) => date <= overdueUntil).length,
            oldestAt: dates.length === 0 ? null : Math.min(...dates),
          });
        }),
        { numRuns: 60 },
      );
    });
  });
}

function byVolume<T extends { volumeId: string }>(protections: readonly T[]): T[] {
  return protections.toSorted((a, b) => a.volumeId.localeCompare(b.volumeId));
}
