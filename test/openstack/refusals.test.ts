import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { OpenStack, adminCredentials } from './support/open-stack.ts';
import { expectOneSnapshotForEach, openProject, soon, target } from './support/project.ts';
import { runsOf, startService, writePolicies } from './support/service.ts';

test('a volume in use is snapshotted with force and refused without, and a volume that does not exist is told', async () => {
  await using project = await openProject();
  const { instance } = project;
  const [forced, unforced] = await Promise.all([project.volume('forced'), project.volume('unforced')]);
  await Promise.all([project.cloud.attach(forced.id), project.cloud.attach(unforced.id)]);
  const missing = randomUUID();
  const schedule = { cron: soon(20) };
  const workplace = await writePolicies(project.directory, {
    apiVersion: 'snapkeep/v1',
    instance,
    targets: [target('cloud')],
    defaults: { target: 'cloud', schedule, retry: { attempts: 5, backoff: { initial: '1s', max: '1s' } } },
    policies: [
      { name: 'forced', volumes: { ids: [forced.id] }, snapshot: { force: true } },
      { name: 'unforced', volumes: { ids: [unforced.id] } },
      { name: 'missing', volumes: { ids: [missing] }, snapshot: { force: true } },
    ],
  });
  await using service = await startService(workplace);
  for (const policy of ['forced', 'unforced', 'missing']) await service.logged('firing.finished', { policy });

  const runs = await runsOf(workplace);
  expect(runs).toHaveLength(3);
  const of = (name: string) => runs.find(({ policy }) => policy === name);
  expect(of('forced')).toMatchObject({ outcome: 'available', volumeId: forced.id });
  // The cloud's own words come first.
  const inUse = `Invalid volume: Volume ${unforced.id} status must be available, but current status is: in-use.`;
  expect(of('unforced')).toMatchObject({
    outcome: 'failed',
    snapshotId: null,
    failure: { kind: 'invalid', httpStatus: 400, code: 'badRequest', message: expect.stringContaining(inUse), requestId: expect.stringMatching(/^req-[0-9a-f-]{36}$/) },
    attempts: [{ result: 'failed', httpStatus: 400, message: expect.stringContaining(inUse) }],
  });
  const notFound = `Volume ${missing} could not be found.`;
  expect(of('missing')).toMatchObject({
    outcome: 'failed',
    volumeId: missing,
    failure: { kind: 'not_found', httpStatus: 404, code: 'itemNotFound', message: notFound },
    attempts: [{ result: 'failed', httpStatus: 404, message: notFound }],
  });
  expectOneSnapshotForEach(runs, await project.snapshots());

  const told = (name: string) => service.events('run.failed', { policy: name });
  expect(told('forced')).toEqual([]);
  expect(told('unforced')).toEqual([
    expect.objectContaining({
      level: 'error',
      runId: of('unforced')?.id,
      volumeId: unforced.id,
      attempt: 1,
      kind: 'invalid',
      httpStatus: 400,
      errorCode: 'badRequest',
      errorMessage: of('unforced')?.failure?.message,
      requestId: of('unforced')?.failure?.requestId,
    }),
  ]);
  expect(told('missing')).toEqual([expect.objectContaining({ kind: 'not_found', httpStatus: 404, errorMessage: notFound })]);
  // One create call for each: nothing was tried a second time.
  const answers = service.events('api.called', { operation: 'create_snapshot' }).map(({ httpStatus }) => Number(httpStatus));
  expect(answers.toSorted((a, b) => a - b)).toEqual([202, 400, 404]);

  const counted = (await service.metrics()).filter(({ name }) => name === 'snapkeep_failures_total');
  expect(counted.toSorted((a, b) => (a.labels['policy'] ?? '').localeCompare(b.labels['policy'] ?? ''))).toEqual([
    { name: 'snapkeep_failures_total', labels: { target: 'cloud', policy: 'missing', kind: 'not_found', status: '404', code: 'itemNotFound' }, value: 1 },
    { name: 'snapkeep_failures_total', labels: { target: 'cloud', policy: 'unforced', kind: 'invalid', status: '400', code: 'badRequest' }, value: 1 },
  ]);
});

test.skipIf(adminCredentials === null)('a full quota is told at once and not run against', async () => {
  await using project = await openProject();
  const volume = await project.volume('one-too-many');
  const admin = await OpenStack.login(adminCredentials ?? undefined);
  const { inUse, limit } = await admin.snapshotQuota();
  await admin.setSnapshotQuota(inUse);
  await using _ = { [Symbol.asyncDispose]: () => admin.setSnapshotQuota(limit) };
  const workplace = await writePolicies(project.directory, {
    apiVersion: 'snapkeep/v1',
    instance: project.instance,
    targets: [target('cloud')],
    policies: [
      { name: 'quota', target: 'cloud', schedule: { cron: soon(20) }, volumes: { ids: [volume.id] }, retry: { attempts: 5, backoff: { initial: '1s', max: '1s' } } },
    ],
  });
  await using service = await startService(workplace);
  await service.logged('firing.finished', { policy: 'quota' });

  const message = `SnapshotLimitExceeded: Maximum number of snapshots allowed (${inUse}) exceeded`;
  expect(await runsOf(workplace)).toEqual([
    expect.objectContaining({
      outcome: 'failed',
      failure: { kind: 'quota', httpStatus: 413, code: 'overLimit', message, requestId: expect.stringMatching(/^req-/) },
      attempts: [expect.objectContaining({ result: 'failed', httpStatus: 413, message })],
    }),
  ]);
  expect(service.events('run.failed')).toEqual([expect.objectContaining({ kind: 'quota', httpStatus: 413, attempt: 1 })]);
  expect(service.events('api.called', { operation: 'create_snapshot' })).toHaveLength(1);
  expect(service.events('target.throttled')).toEqual([]);
  expect(await project.snapshots()).toEqual([]);
});
