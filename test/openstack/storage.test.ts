import { expect, test } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import { expectOneSnapshotForEach, openProject, soon, target } from './support/project.ts';
import { runsOf, startService, writePolicies } from './support/service.ts';
import { controlFile, storageRules } from './support/storage-rules.ts';

test.skipIf(controlFile === undefined)('storage that is slow is waited for, and what it fails to make is made again within the attempts', async () => {
  await using project = await openProject();
  const { instance } = project;
  const [slow, bad, worse] = await Promise.all([project.volume('slow'), project.volume('bad'), project.volume('worse')]);
  const slowRule = { match: '^slow-', delay: 3 };
  const worseRule = { match: '^worse-', fail: true } as const;
  await using rules = await storageRules(slowRule, worseRule, { match: '^bad-', fail: true });
  const retry = { backoff: { initial: '6s', max: '6s' } };
  const workplace = await writePolicies(project.directory, {
    apiVersion: 'snapkeep/v1',
    instance,
    targets: [target('cloud')],
    defaults: { target: 'cloud', schedule: { cron: soon(30) } },
    policies: [
      { name: 'slow', volumes: { ids: [slow.id] }, retry: { ...retry, attempts: 5 } },
      { name: 'bad', volumes: { ids: [bad.id] }, retry: { ...retry, attempts: 5 } },
      { name: 'worse', volumes: { ids: [worse.id] }, retry: { ...retry, attempts: 1 } },
    ],
  });
  await using service = await startService(workplace);

  // The second try comes 3 s later or more: by then the storage is in order again.
  const [failed] = await service.logged('snapshot.failed', { policy: 'bad' });
  await rules.set(slowRule, worseRule);
  for (const policy of ['slow', 'bad', 'worse']) await service.logged('firing.finished', { policy }, { timeoutMs: 40_000 });

  const runs = await runsOf(workplace);
  const of = (name: string) => runs.find(({ policy }) => policy === name);
  expect(of('slow')).toMatchObject({ outcome: 'available', attempts: [{ result: 'accepted', httpStatus: 202 }] });
  expect(Number(service.events('snapshot.available', { policy: 'slow' })[0]?.['durationMs'])).toBeGreaterThan(2_900);
  expect(of('bad')).toMatchObject({ outcome: 'available', failure: null, attempts: [{ result: 'accepted' }, { result: 'error' }, { result: 'accepted' }] });
  expect(of('bad')?.snapshotId).not.toBe(failed?.['snapshotId']);
  expect(of('worse')).toMatchObject({
    outcome: 'failed',
    failure: { kind: 'transient', httpStatus: null, code: 'snapshot_error', message: expect.stringContaining('ended in error') },
    attempts: [{ result: 'accepted' }, { result: 'error' }],
  });
  expect(service.events('run.retry', { policy: 'worse' })).toEqual([]);
  expect(service.events('run.failed')).toEqual([expect.objectContaining({ policy: 'worse', kind: 'transient', errorCode: 'snapshot_error' })]);

  // What came to nothing counts against the quota until it is deleted, and it is: only the good ones are left.
  const inError = async () => (await project.snapshots()).filter(({ status }) => status !== 'available');
  await waitFor(inError, ({ length }) => length === 0, { what: 'the failed snapshots to be gone' });
  expectOneSnapshotForEach(runs, await project.snapshots());
});
