import { expect, test } from 'vitest';
import { expectOneSnapshotForEach, openProject, soon, target } from './support/project.ts';
import { runsOf, startService, writePolicies } from './support/service.ts';

test('SIGTERM ends the service in good time, and the next one goes on without repeating what is done', async () => {
  await using project = await openProject();
  const volumes = await Promise.all([project.volume('one'), project.volume('two')]);
  const workplace = await writePolicies(project.directory, {
    apiVersion: 'snapkeep/v1',
    instance: project.instance,
    targets: [target('cloud')],
    policies: [{ name: 'often', target: 'cloud', schedule: { cron: '*/5 * * * * *' }, volumes: { ids: volumes.map(({ id }) => id) } }],
  });
  await using first = await startService(workplace);
  await first.logged('firing.finished', {});
  // In the middle of the second firing.
  await first.logged('snapshot.accepted', {}, { count: 3 });
  const stopAt = performance.now();
  expect(await first.stop()).toEqual({ code: 0, signal: null });
  expect(performance.now() - stopAt).toBeLessThan(25_000);
  expect(first.events('service.stopped')).toEqual([expect.objectContaining({ complete: true })]);
  const before = await runsOf(workplace);
  expect(before.length).toBeGreaterThanOrEqual(4);

  await using second = await startService(workplace);
  const due = new Set(before.map((run) => run.due));
  await second.logged('firing.finished', {}, { count: 2, timeoutMs: 30_000 });
  expect(await second.stop()).toEqual({ code: 0, signal: null });

  const runs = await runsOf(workplace);
  for (const run of before) expect(runs).toContainEqual(expect.objectContaining({ id: run.id, outcome: 'available' }));
  expect(second.events('policy.due').filter((event) => due.has(String(event['due']).replace('.000Z', 'Z')))).toEqual([]);
  expectOneSnapshotForEach(runs, await project.snapshots());
});

test('a service that is killed while the cloud takes its create calls leaves one snapshot for each run', async () => {
  await using project = await openProject();
  const volumes = await Promise.all(Array.from({ length: 8 }, (_, index) => project.volume(`v${index}`)));
  const workplace = await writePolicies(project.directory, {
    apiVersion: 'snapkeep/v1',
    instance: project.instance,
    targets: [target('cloud')],
    policies: [
      { name: 'killed', target: 'cloud', schedule: { cron: soon(60, 8_000) }, volumes: { ids: volumes.map(({ id }) => id) }, retry: { attempts: 5, backoff: { initial: '1s', max: '1s' }, grace: '5s' } },
    ],
  });
  await using first = await startService(workplace);
  // The first answers are here, the other calls are under way.
  await first.logged('snapshot.accepted', {}, { timeoutMs: 75_000 });
  await first.kill();
  const before = await runsOf(workplace);
  expect(before).toHaveLength(8);
  expect(before.some(({ outcome }) => outcome === 'pending')).toBe(true);

  await using second = await startService(workplace);
  await second.logged('firing.finished', { policy: 'killed' }, { timeoutMs: 60_000 });
  const runs = await runsOf(workplace);
  expect(runs.map(({ id, outcome }) => ({ id, outcome }))).toEqual(before.map(({ id }) => ({ id, outcome: 'available' })));
  expectOneSnapshotForEach(runs, await project.snapshots());
  // Whatever was asked of the cloud before the kill is found again, not asked for a second time.
  expect(runs.filter(({ adopted }) => adopted)).toHaveLength(second.events('snapshot.adopted').length);
}, 180_000);
