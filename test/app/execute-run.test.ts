import { describe, expect, test } from 'vitest';
import { executeRun } from '#app/execute-run';
import type { CloudFailure } from '#domain/failure/failure';
import { ownershipOf } from '#domain/naming/owned-metadata';
import type { Outcome, RunFailure } from '#domain/run';
import { HOUR, MINUTE, SECOND, addMs, durationMs } from '#domain/time';
import { answers, refused } from '../fakes/cloud-answers.ts';
import type { CreateScript } from '../fakes/fake-cloud.ts';
import { DUE, TARGET, World, policyOf } from '../fakes/world.ts';

function refuse(...failures: readonly CloudFailure[]): CreateScript[] {
  return failures.map((failure) => ({ refuse: failure }));
}

function repeated(count: number, make: () => CloudFailure): CloudFailure[] {
  return Array.from({ length: count }, make);
}

const named = { volumes: { ids: ['vol-1'], match: null } };

test('a run becomes one good snapshot, made as the policy says', async () => {
  const world = new World();
  await world.plan();
  await world.finish();

  const run = await world.onlyRun();
  expect(run).toMatchObject({ outcome: 'available', phase: 'ended', tries: 1, snapshotId: 'snap-1', adopted: false, failure: null });
  expect(run.attempts).toEqual([{ at: DUE, result: 'accepted', httpStatus: 202, code: null, message: null, requestId: 'req-create-1' }]);
  expect(world.cloud.creates).toEqual([
    {
      volumeId: 'vol-1',
      name: 'nightly-vol-1-20261124T020000Z',
      description: 'by nightly',
      force: true,
      metadata: { team: 'payments', snapkeep_instance: 'prod', snapkeep_policy: 'nightly', snapkeep_due: '2026-11-24T02:00:00Z', snapkeep_run: run.id },
    },
  ]);
  expect(world.telemetry.names().filter((name) => name !== 'policy.due')).toEqual([
    'run.queued', 'firing.planned', 'snapshot.requested', 'snapshot.accepted', 'run.ended', 'firing.finished', 'snapshot.available',
  ]);
  expect(world.telemetry.of('firing.finished')).toMatchObject([{ runs: { available: 1, pending: 0 }, durationMs: expect.any(Number) }]);
  expect((await world.ledger.protections('nightly'))[0]?.lastGoodAt).toBe(world.cloud.snapshots()[0]?.createdAt);
  expect(await world.ledger.holdVolume(TARGET, 'vol-1', 'another', HOUR)).toBe('another');
});

test('force false and no description are passed on as they are', async () => {
  const world = new World({ policies: [policyOf('p', { snapshot: { force: false, description: null } })] });
  await world.plan();
  await world.work();
  expect(world.cloud.creates).toMatchObject([{ force: false, description: null }]);
});

test('a run that has ended, is being made or does not exist is left alone', async () => {
  const world = new World();
  await world.plan();
  const { id } = await world.onlyRun();
  const again = () => executeRun(world.deps(), id, world.signal);
  await world.work();
  expect(await again()).toEqual({ kind: 'done' });
  await world.finish();
  expect(await again()).toEqual({ kind: 'done' });
  expect(await executeRun(world.deps(), 'r00000000000000000000000000000000', world.signal)).toEqual({ kind: 'done' });
  expect(world.cloud.creates).toHaveLength(1);
});

test('the run of a policy that is gone is skipped, without a call', async () => {
  const world = new World();
  await world.plan();
  world.setPolicies();
  await world.finish();
  expect(await world.onlyRun()).toMatchObject({ outcome: 'skipped', failure: { kind: 'skipped', message: 'the policy is gone' } });
  expect(world.cloud.creates).toEqual([]);
});

describe('when things go wrong', () => {
  interface Row {
    readonly what: string;
    readonly scripts: readonly CreateScript[];
    readonly policy?: Parameters<typeof policyOf>[1];
    readonly outcome: Outcome;
    readonly creates: number;
    readonly tries: number;
    readonly adopted?: boolean;
    readonly failure?: Partial<RunFailure> | null;
    /** Looks at the volume's snapshots before the run came to a snapshot or its end. */
    readonly looks?: number;
    readonly attempts: readonly string[];
    /** Kinds of `run.attempt_failed`, which feed `failures_total`, and of `run.retry`, which feed `retries_total`. */
    readonly failed?: readonly string[];
    readonly retried?: readonly string[];
  }
  const lostThen = (make: () => CloudFailure, after: readonly CreateScript[] = []): CreateScript[] => [{ loseAnswer: make() }, ...after];
  const rows: readonly Row[] = [
    {
      what: 'a plain 400 fails at once with the words of the cloud',
      scripts: refuse(answers.plain400()),
      outcome: 'failed', creates: 1, tries: 1, attempts: ['failed'], failed: ['invalid'],
      failure: { kind: 'invalid', httpStatus: 400, code: 'EVS.5400', message: 'Invalid input received: name is too long.', requestId: 'req-400' },
    },
    {
      what: '400 in-use without force fails at once',
      scripts: refuse(refused(400, { badRequest: { code: 400, message: 'Invalid volume: Volume status must be available, but current status is: in-use.' } })),
      outcome: 'failed', creates: 1, tries: 1, attempts: ['failed'], failed: ['invalid'],
      failure: { kind: 'invalid', code: 'badRequest', message: expect.stringContaining('force not set') },
    },
    {
      what: '403 fails at once', scripts: refuse(answers.forbidden()),
      outcome: 'failed', creates: 1, tries: 1, attempts: ['failed'], failed: ['auth'], failure: { kind: 'auth', httpStatus: 403, code: 'EVS.5403' },
    },
    {
      what: '401 that a fresh token did not mend fails', scripts: refuse(answers.unauthorized()),
      outcome: 'failed', creates: 1, tries: 1, attempts: ['failed'], failed: ['auth'], failure: { kind: 'auth', httpStatus: 401, code: 'EVS.5401' },
    },
    {
      what: '404 of a matched volume is a skip', scripts: refuse(answers.gone()),
      outcome: 'skipped', creates: 1, tries: 1, attempts: ['failed'], failed: ['not_found'],
      failure: { kind: 'skipped', httpStatus: 404, code: 'EVS.5404', message: 'the volume is gone: Volume could not be found.', requestId: 'req-404' },
    },
    {
      what: '404 of a volume named by id is a failure', scripts: refuse(answers.gone()), policy: named,
      outcome: 'failed', creates: 1, tries: 1, attempts: ['failed'], failed: ['not_found'], failure: { kind: 'not_found', httpStatus: 404, code: 'EVS.5404' },
    },
    {
      what: '413 of a quota is not retried, whatever Retry-After says', scripts: refuse(answers.quota()),
      outcome: 'failed', creates: 1, tries: 1, attempts: ['failed'], failed: ['quota'], failure: { kind: 'quota', httpStatus: 413, code: 'overLimit' },
    },
    {
      what: '429 does not use up attempts', scripts: refuse(...repeated(7, answers.throttled)),
      outcome: 'available', creates: 8, tries: 1, attempts: [...Array<string>(7).fill('throttled'), 'accepted'], failed: Array<string>(7).fill('throttled'), failure: null,
    },
    {
      what: '429 without Retry-After does not either', scripts: refuse(...repeated(7, answers.throttledWithout)),
      outcome: 'available', creates: 8, tries: 1, attempts: [...Array<string>(7).fill('throttled'), 'accepted'], failed: Array<string>(7).fill('throttled'), failure: null,
    },
    {
      what: 'nor does 413 overLimitFault', scripts: refuse(...repeated(5, answers.overLimitFault)),
      outcome: 'available', creates: 6, tries: 1, attempts: [...Array<string>(5).fill('throttled'), 'accepted'], failed: Array<string>(5).fill('throttled'), failure: null,
    },
    {
      what: 'a conflict whose state has passed by the next look at the volume', scripts: refuse(answers.attaching()),
      outcome: 'available', creates: 2, tries: 2, attempts: ['failed', 'accepted'], failed: ['conflict'], retried: ['conflict'], failure: null,
    },
    {
      what: 'a conflict that never ends uses up the attempts', scripts: refuse(...repeated(9, answers.attaching)),
      outcome: 'failed', creates: 3, tries: 3, attempts: ['failed', 'failed', 'failed'], failed: ['conflict', 'conflict', 'conflict'], retried: ['conflict', 'conflict'],
      failure: { kind: 'conflict', httpStatus: 400, code: 'EVS.5400' },
    },
    {
      what: 'a refused connection is tried again without a look', scripts: refuse(answers.connectRefused(), answers.connectRefused()),
      outcome: 'available', creates: 3, tries: 3, looks: 0, attempts: ['failed', 'failed', 'accepted'], failed: ['transient', 'transient'], retried: ['transient', 'transient'], failure: null,
    },
    {
      what: 'a refused connection, attempts exhausted', scripts: refuse(...repeated(9, answers.connectRefused)),
      outcome: 'failed', creates: 3, tries: 3, looks: 0, attempts: ['failed', 'failed', 'failed'], failed: Array<string>(3).fill('transient'), retried: ['transient', 'transient'],
      failure: { kind: 'transient', code: 'refused', httpStatus: null },
    },
    ...(['unavailable', 'gatewayTimeout', 'timeout', 'reset'] as const).flatMap((name): Row[] => [
      {
        what: `${name}, nothing made: looks, looks again after the grace, then asks again`, scripts: refuse(answers[name]()),
        outcome: 'available', creates: 2, tries: 2, looks: 2, attempts: ['unknown', 'accepted'], failed: ['transient'], retried: ['transient'], failure: null,
      },
      {
        what: `${name} although the snapshot was made: it is adopted`, scripts: lostThen(answers[name]),
        outcome: 'available', creates: 1, tries: 1, looks: 1, adopted: true, attempts: ['unknown', 'adopted'], failed: ['transient'], retried: ['transient'], failure: null,
      },
      {
        what: `${name} although the snapshot was made, which shows only late`, scripts: [{ loseAnswer: answers[name](), invisibleFor: 25_000 }],
        outcome: 'available', creates: 1, tries: 1, looks: 2, adopted: true, attempts: ['unknown', 'adopted'], failed: ['transient'], retried: ['transient'], failure: null,
      },
      {
        what: `${name} at every try: fails after a last look`, scripts: refuse(...repeated(9, answers[name])),
        outcome: 'failed', creates: 3, tries: 3, looks: 5, attempts: ['unknown', 'unknown', 'unknown'], failed: Array<string>(3).fill('transient'), retried: ['transient', 'transient'],
        failure: { kind: 'transient', code: answers[name]().failure.code },
      },
      {
        what: `${name} at the last try, which made it: the last look adopts it`, scripts: [...refuse(...repeated(2, answers[name])), { loseAnswer: answers[name]() }],
        outcome: 'available', creates: 3, tries: 3, looks: 5, adopted: true, attempts: ['unknown', 'unknown', 'unknown', 'adopted'], failed: Array<string>(3).fill('transient'), retried: ['transient', 'transient'], failure: null,
      },
    ]),
    {
      what: 'one attempt, answer lost, snapshot made', scripts: lostThen(answers.timeout), policy: { retry: { attempts: 1 } },
      outcome: 'available', creates: 1, tries: 1, looks: 1, adopted: true, attempts: ['unknown', 'adopted'], failed: ['transient'], failure: null,
    },
    {
      what: '202, then error: deleted, and tried again', scripts: [{ ends: 'error' }],
      outcome: 'available', creates: 2, tries: 2, attempts: ['accepted', 'error', 'accepted'], failed: ['transient'], retried: ['transient'], failure: null,
    },
    {
      what: '202, then error, attempts exhausted', scripts: [{ ends: 'error' }, { ends: 'error' }, { ends: 'error' }],
      outcome: 'failed', creates: 3, tries: 3, attempts: ['accepted', 'error', 'accepted', 'error', 'accepted', 'error'], failed: Array<string>(3).fill('transient'), retried: ['transient', 'transient'],
      failure: { kind: 'transient', code: 'snapshot_error', httpStatus: null },
    },
    {
      what: 'throttled, then lost, then refused: the last answer decides', scripts: refuse(answers.throttled(), answers.timeout(), answers.plain400()),
      outcome: 'failed', creates: 3, tries: 2, looks: 2, attempts: ['throttled', 'unknown', 'failed'], failed: ['throttled', 'transient', 'invalid'], retried: ['transient'],
      failure: { kind: 'invalid', httpStatus: 400, requestId: 'req-400' },
    },
  ];

  test.each(rows)('$what', async (row) => {
    const world = new World({ policies: [policyOf('nightly', row.policy)] });
    world.cloud.scriptCreates(...row.scripts);
    await world.plan();
    await world.finish();

    const run = await world.onlyRun();
    expect({ outcome: run.outcome, tries: run.tries, adopted: run.adopted }).toEqual({ outcome: row.outcome, tries: row.tries, adopted: row.adopted ?? false });
    if (row.failure === null) expect(run.failure).toBeNull();
    else expect(run.failure).toMatchObject(row.failure ?? {});
    expect(run.attempts.map(({ result }) => result)).toEqual(row.attempts);
    expect(world.cloud.creates).toHaveLength(row.creates);
    if (row.looks !== undefined) expect(world.cloud.calls('snapshotPages', 'create')).toBe(row.looks);
    // A second snapshot is looked for where there may be one, and nowhere else.
    expect(world.cloud.calls('snapshotPages', 'watch')).toBe(row.outcome === 'available' && row.attempts.includes('unknown') ? 1 : 0);
    expect(world.telemetry.of('run.attempt_failed').map(({ kind }) => kind)).toEqual(row.failed ?? []);
    expect(world.telemetry.of('run.retry').map(({ kind }) => kind)).toEqual(row.retried ?? []);
    expect(world.telemetry.count('run.failed')).toBe(row.outcome === 'failed' ? 1 : 0);
    expect(world.telemetry.of('run.ended').map(({ outcome }) => outcome)).toEqual([row.outcome]);
    expect(world.telemetry.count('firing.finished')).toBe(1);
    // Whatever happened, nothing is left over: no second snapshot, no job, no hold.
    expect(world.cloud.snapshots().filter(({ status }) => status === 'available')).toHaveLength(row.outcome === 'available' ? 1 : 0);
    expect(world.cloud.snapshots()).toHaveLength(row.outcome === 'available' ? 1 : 0);
    expect(world.queue.size).toBe(0);
    expect(await world.ledger.holdVolume(TARGET, 'vol-1', 'another', HOUR)).toBe('another');
  });

  test('a failed run is told with the words of the cloud', async () => {
    const world = new World();
    world.cloud.scriptCreates(...refuse(answers.plain400()));
    await world.plan();
    await world.finish();
    const words = { kind: 'invalid', httpStatus: 400, errorCode: 'EVS.5400', errorMessage: 'Invalid input received: name is too long.', requestId: 'req-400' };
    expect(world.telemetry.of('run.failed')).toEqual([{ policy: 'nightly', target: TARGET, due: DUE, volumeId: 'vol-1', runId: (await world.onlyRun()).id, attempt: 1, ...words }]);
    expect(world.telemetry.of('run.attempt_failed')).toMatchObject([words]);
  });

  test('a conflict waits for the volume, without a create call and without using up tries', async () => {
    const world = new World();
    world.cloud.setVolumeStatus('vol-1', 'backing-up');
    await world.plan();
    for (let n = 0; n < 40; n += 1) {
      await world.work();
      await world.clock.advance(30 * SECOND);
    }
    expect(world.cloud.creates).toHaveLength(1);
    expect(await world.onlyRun()).toMatchObject({ tries: 1, outcome: 'pending' });
    expect(world.telemetry.count('run.waiting')).toBeGreaterThan(3);

    world.cloud.setVolumeStatus('vol-1', 'available');
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ tries: 2, outcome: 'available' });
    expect(world.cloud.creates).toHaveLength(2);
  });

  test('a conflict that lasts ends at the deadline with the words of the cloud', async () => {
    const world = new World();
    world.cloud.setVolumeStatus('vol-1', 'extending');
    await world.plan();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'failed', tries: 1, failure: { kind: 'conflict', httpStatus: 400 } });
    expect(world.clock.now()).toBeGreaterThan(DUE + 4 * HOUR);
    expect(world.clock.now()).toBeLessThan(DUE + 5 * HOUR);
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('a volume that breaks while it is waited for is asked for once more', async () => {
    const world = new World();
    world.cloud.setVolumeStatus('vol-1', 'attaching');
    await world.plan();
    await world.work();
    world.cloud.setVolumeStatus('vol-1', 'error');
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'failed', tries: 2, failure: { kind: 'invalid' } });
  });

  test('a volume that goes away while it is waited for is skipped', async () => {
    const world = new World();
    world.cloud.setVolumeStatus('vol-1', 'attaching');
    await world.plan();
    await world.work();
    world.cloud.volumes.delete('vol-1');
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'skipped', failure: { kind: 'skipped', httpStatus: 404 } });
  });

  test('throttling honours Retry-After', async () => {
    const world = new World();
    world.cloud.scriptCreates(...refuse(answers.throttled('90')));
    await world.plan();
    await world.work();
    expect(world.queue.nextAt).toBe(addMs(DUE, 90 * SECOND));
  });

  test('a Retry-After beside a 503 wins over a shorter back-off', async () => {
    const world = new World();
    world.cloud.scriptCreates(...refuse(refused(503, { serviceUnavailable: { code: 503, message: 'x' } }, { retryAfter: '75' })));
    await world.plan();
    await world.work();
    expect(world.queue.nextAt).toBe(addMs(DUE, 75 * SECOND));
  });

  test('after a lost answer no second create call comes before the grace has passed', async () => {
    const world = new World({ policies: [policyOf('nightly', { retry: { grace: durationMs(5 * MINUTE) } })] });
    world.cloud.scriptCreates(...refuse(answers.timeout()));
    await world.plan();
    await world.work();
    while (world.cloud.creates.length < 2) {
      const next = world.queue.nextAt;
      if (next === null) throw new Error('the run is gone');
      await world.clock.advanceTo(next);
      if (next < DUE + 5 * MINUTE) expect(world.cloud.creates).toHaveLength(1);
      await world.work();
    }
    expect(world.clock.now()).toBe(addMs(DUE, 5 * MINUTE));
    expect(world.cloud.calls('snapshotPages', 'create')).toBeGreaterThanOrEqual(2);
  });

  test('a look that the cloud does not answer is repeated, and no create call comes before one was answered', async () => {
    const world = new World();
    world.cloud.scriptCreates({ loseAnswer: answers.reset() });
    world.cloud.failNext('snapshotPages', ...repeated(6, answers.unavailable));
    await world.plan();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', adopted: true, tries: 1 });
    expect(world.cloud.creates).toHaveLength(1);
    expect(world.cloud.calls('snapshotPages', 'create')).toBe(7);
  });

  test('only a snapshot with the mark of this very run is adopted', async () => {
    const world = new World({ volumes: ['vol-1', 'vol-2'] });
    await world.plan(addMs(DUE, -24 * HOUR));
    await world.finish();
    const before = world.cloud.snapshots().map(({ id }) => id);
    await world.clock.advanceTo(DUE);
    world.cloud.scriptCreates({ loseAnswer: answers.timeout() }, { refuse: answers.timeout() });
    world.cloud.pageSize = 1;
    await world.plan();
    await world.finish();
    for (const run of await world.runs()) {
      const snapshot = world.cloud.snapshots().find(({ id }) => id === run.snapshotId);
      expect(run.outcome).toBe('available');
      expect(ownershipOf(snapshot?.metadata ?? {})?.runId).toBe(run.id);
      expect(snapshot?.volumeId).toBe(run.volumeId);
    }
    expect(world.cloud.snapshots()).toHaveLength(before.length + 2);
  });

  test('of two snapshots of the run the older one is adopted, the other deleted and counted', async () => {
    const world = new World();
    world.cloud.scriptCreates({ loseAnswer: answers.timeout() });
    await world.plan();
    await world.work();
    const request = world.cloud.creates[0];
    if (request === undefined) throw new Error('nothing was asked for');
    await world.clock.advance(1_000);
    await world.cloud.createSnapshot(request);
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', adopted: true, snapshotId: 'snap-1' });
    expect(world.cloud.snapshots().map(({ id }) => id)).toEqual(['snap-1']);
    expect(world.telemetry.of('snapshot.duplicate')).toMatchObject([{ snapshotId: 'snap-2', keptSnapshotId: 'snap-1' }]);
  });

  test('a second one that turns up only after the grace: the older one stays and is the one recorded', async () => {
    const world = new World();
    world.cloud.scriptCreates({ loseAnswer: answers.timeout(), invisibleFor: 31_000 });
    await world.plan();
    await world.finish();
    expect(world.cloud.creates).toHaveLength(2);
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', snapshotId: 'snap-1', tries: 2 });
    expect(world.cloud.deleted).toEqual(['snap-2']);
    expect((await world.ledger.protections('nightly'))[0]?.lastGoodAt).toBe(DUE);
    expect(world.telemetry.count('snapshot.duplicate')).toBe(1);
  });

  test('a second one that cannot be deleted now is deleted at a later look', async () => {
    const world = new World();
    world.cloud.scriptCreates({ loseAnswer: answers.timeout(), invisibleFor: 31_000 });
    world.cloud.failNext('deleteSnapshot', answers.unavailable());
    await world.plan();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
    expect(world.telemetry.count('snapshot.duplicate')).toBe(1);
  });

  test('an abandoned run is looked for on, and is available once the cloud lists again', async () => {
    const world = new World();
    world.cloud.scriptCreates({ loseAnswer: answers.timeout() });
    world.cloud.failNext('snapshotPages', ...repeated(5_000, answers.unavailable));
    await world.plan();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'abandoned' });

    world.cloud.answerAgain();
    await world.finish();

    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', adopted: true });
    expect(world.cloud.creates).toHaveLength(1);
    expect(world.telemetry.count('run.abandoned')).toBe(1);
  });

  test('the outcome is unknown and the cloud does not list at the deadline: abandoned', async () => {
    const world = new World();
    world.cloud.scriptCreates({ loseAnswer: answers.timeout() });
    world.cloud.failNext('snapshotPages', ...repeated(5_000, answers.unavailable));
    await world.plan();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'abandoned', failure: { kind: 'transient', code: 'serviceUnavailable' } });
    expect(world.telemetry.count('run.abandoned')).toBe(1);
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('a run that never got its turn before the deadline is skipped, without a call', async () => {
    const world = new World();
    await world.plan();
    await world.clock.advance(4 * HOUR);
    await world.clock.advance(1);
    await world.work();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'skipped', failure: { kind: 'skipped', message: expect.stringContaining('too late') } });
    expect(world.cloud.creates).toEqual([]);
  });

  test('at the deadline to the millisecond it is still tried; the spread counts on top', async () => {
    const world = new World({ policies: [policyOf('nightly', { schedule: { spread: durationMs(30 * MINUTE) } })] });
    await world.plan();
    const start = world.queue.nextAt;
    expect(start).toBeGreaterThan(DUE);
    await world.clock.advanceTo(addMs(start ?? DUE, 4 * HOUR));
    await world.work();
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('a caught-up run has its deadline from when it was planned', async () => {
    const world = new World({ now: '2026-11-24T14:00:00Z' });
    await world.plan();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
  });
});

describe('one creation per volume at a time', () => {
  test('the next due time of the same policy is skipped while the last is still at work', async () => {
    const world = new World();
    world.cloud.scriptCreates({ ends: 'creating' });
    await world.plan();
    await world.work();
    await world.clock.advance(MINUTE);
    await world.plan(addMs(DUE, MINUTE));
    await world.work();
    const [second, first] = await world.runs();
    expect(second).toMatchObject({ outcome: 'skipped', failure: { message: expect.stringContaining(first?.id ?? '?') } });
    expect(first).toMatchObject({ outcome: 'pending', phase: 'creating' });
    expect(world.telemetry.of('run.skipped')).toMatchObject([{ reason: expect.stringContaining('overlap') }]);
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('another policy waits for its turn and then gets it', async () => {
    const world = new World({ policies: [policyOf('nightly'), policyOf('hourly')] });
    world.cloud.creationMs = 60_000;
    let open = 0;
    let peak = 0;
    for (const policy of world.policies.current().policies) await world.plan(DUE, policy);
    world.cloud.beforeCall = async (operation) => {
      if (operation !== 'createSnapshot') return;
      open = world.cloud.snapshots().filter(({ status }) => status === 'creating').length;
      peak = Math.max(peak, open + 1);
    };
    await world.finish();
    expect((await world.runs()).map(({ outcome }) => outcome)).toEqual(['available', 'available']);
    expect(peak).toBe(1);
    expect(world.cloud.creates).toHaveLength(2);
    expect(world.telemetry.of('run.waiting')[0]).toMatchObject({ reason: expect.stringContaining('is at work on the volume') });
  });

  test('different volumes do not wait for each other', async () => {
    const world = new World({ volumes: ['vol-1', 'vol-2', 'vol-3'] });
    await world.plan();
    await world.work();
    expect(world.cloud.snapshots().map(({ status }) => status)).toEqual(['creating', 'creating', 'creating']);
  });

  test('a hold left behind by a run that has ended is passed on at once', async () => {
    const world = new World();
    await world.plan();
    await world.finish();
    const { id } = await world.onlyRun();
    await world.clock.advance(MINUTE);
    await world.ledger.holdVolume(TARGET, 'vol-1', id, HOUR);
    await world.plan(addMs(DUE, MINUTE));
    await world.finish();
    expect((await world.runs()).map(({ outcome }) => outcome)).toEqual(['available', 'available']);
  });

  test('a hold whose run has no record is passed on', async () => {
    const world = new World();
    await world.ledger.holdVolume(TARGET, 'vol-1', 'r0123456789abcdef0123456789abcdef', HOUR);
    await world.plan();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
  });
});

describe('cut off by the signal', () => {
  test('before the create call: nothing has happened', async () => {
    const world = new World();
    await world.plan();
    const { id } = await world.onlyRun();
    const stop = new AbortController();
    stop.abort(new Error('shutdown'));
    await expect(executeRun(world.deps(), id, stop.signal)).rejects.toThrow('shutdown');
    expect(world.cloud.creates).toEqual([]);
    expect(await world.onlyRun()).toMatchObject({ phase: 'queued', tries: 0 });
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', tries: 1 });
    expect(world.cloud.calls('snapshotPages', 'create')).toBe(0);
  });

  test('between the record of the intent and the create call: nothing is asked for, and the next worker looks first', async () => {
    const world = new World();
    await world.plan();
    const { id } = await world.onlyRun();
    const stop = new AbortController();
    const save = world.ledger.saveRun.bind(world.ledger);
    world.ledger.saveRun = async (...args) => {
      stop.abort(new Error('shutdown'));
      return save(...args);
    };
    await expect(executeRun(world.deps(), id, stop.signal)).rejects.toThrow('shutdown');
    expect(world.cloud.creates).toEqual([]);
    expect(await world.onlyRun()).toMatchObject({ phase: 'requesting' });
    world.ledger.saveRun = save;
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
    expect(world.cloud.creates).toHaveLength(1);
    expect(world.cloud.calls('snapshotPages', 'create')).toBeGreaterThan(0);
  });

  test('a process that stood still between the record and the call does not send it', async () => {
    const world = new World();
    await world.plan();
    const save = world.ledger.saveRun.bind(world.ledger);
    world.ledger.saveRun = async (...args) => {
      const saved = await save(...args);
      await world.clock.advance(5_001);
      return saved;
    };
    expect(await executeRun(world.deps(), (await world.onlyRun()).id, world.signal)).toEqual({ kind: 'again', at: DUE + 5_001 });
    expect(world.cloud.creates).toEqual([]);
    world.ledger.saveRun = save;
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('a call sent again with a fresh token is one try', async () => {
    const world = new World();
    world.cloud.scriptCreates({ renewsToken: true });
    await world.plan();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', tries: 1 });
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('a failure that is none of the cloud is passed on', async () => {
    const world = new World();
    world.cloud.beforeCall = async (operation) => {
      if (operation === 'createSnapshot') throw new TypeError('a bug');
    };
    await world.plan();
    await expect(world.work()).rejects.toThrow('a bug');
    world.cloud.beforeCall = async () => undefined;
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
  });
});
