import { expect, test } from 'vitest';
import { credentials, openstackClient } from './support/open-stack.ts';
import { expectOneSnapshotForEach, openProject, target } from './support/project.ts';
import { runsOf, startService, writePolicies } from './support/service.ts';

/** As `openstack volume snapshot show -f json` prints it. */
interface Shown {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly status: string;
  readonly volume_id: string;
  readonly properties: Readonly<Record<string, string>>;
}

test('each due time gives each matched volume exactly one snapshot that says whose it is', async () => {
  await using project = await openProject();
  const { cloud, instance } = project;
  const [apart] = await Promise.all([project.volume('apart', { backup: 'none' }), project.volume('daily', { backup: 'daily' })]);
  const volumes = await cloud.volumes();
  const daily = volumes.filter(({ metadata }) => metadata['backup'] === 'daily').map(({ id }) => id);
  const none = volumes.filter(({ metadata }) => metadata['backup'] === 'none').map(({ id }) => id);
  const workplace = await writePolicies(project.directory, {
    apiVersion: 'snapkeep/v1',
    instance,
    targets: [
      target('by-name', { projectName: cloud.projectName, projectDomain: cloud.projectDomain }),
      target('by-id'),
    ],
    policies: [
      {
        name: 'daily',
        target: 'by-name',
        schedule: { cron: '*/10 * * * * *' },
        volumes: { match: { metadata: { backup: 'daily' } } },
        snapshot: { name: '{policy}-{volumeId}-{due}', description: '{policy} of {instance}', force: true, metadata: { team: 'payments', ticket: '4711' } },
      },
      { name: 'named', target: 'by-id', schedule: { cron: '*/10 * * * * *' }, volumes: { ids: [apart.id] }, snapshot: { name: '{instance} {policy}' } },
    ],
  });
  await using service = await startService(workplace);

  await service.logged('firing.finished', { policy: 'daily' }, { count: 2, timeoutMs: 45_000 });
  await service.logged('firing.finished', { policy: 'named' }, { count: 2, timeoutMs: 5_000 });
  expect(await service.readiness()).toBe(200);
  expect(await service.stop()).toEqual({ code: 0, signal: null });

  // A third firing may have begun: what is decided by now has to be right.
  const runs = await runsOf(workplace);
  const ended = runs.filter(({ outcome }) => outcome !== 'pending');
  expectOneSnapshotForEach(runs, await project.snapshots());
  const dues = [...new Set(runs.map(({ due }) => due))].toSorted().slice(0, 2);
  for (const due of dues) {
    expect(due).toMatch(/:[0-5]0Z$/);
    const fired = runs.filter((run) => run.due === due);
    expect(fired.filter(({ policy }) => policy === 'daily').map(({ volumeId }) => volumeId).toSorted()).toEqual(daily.toSorted());
    expect(fired.filter(({ policy }) => policy === 'named').map(({ volumeId }) => volumeId)).toEqual([apart.id]);
    expect(fired.map(({ outcome }) => outcome)).toEqual(fired.map(() => 'available'));
  }

  // The same through the cloud's own client.
  const listed = await openstackClient<{ ID: string; Name: string; Status: string; Properties: Readonly<Record<string, string>> }[]>('volume', 'snapshot', 'list', '--long');
  for (const run of ended) {
    const own = listed.filter(({ Properties }) => Properties['snapkeep_run'] === run.id);
    const marks = { snapkeep_instance: instance, snapkeep_policy: run.policy, snapkeep_due: run.due, snapkeep_run: run.id };
    const expected =
      run.policy === 'daily'
        ? { Name: `daily-${run.volumeId}-${compact(run.due)}`, Properties: { team: 'payments', ticket: '4711', ...marks } }
        : { Name: `${instance} named`, Properties: marks };
    expect(own.map(({ ID, Name, Status, Properties }) => ({ ID, Name, Status, Properties }))).toEqual([{ ID: run.snapshotId, Status: 'available', ...expected }]);
  }
  const latest = ended.find(({ policy }) => policy === 'daily');
  const shown = await openstackClient<Shown>('volume', 'snapshot', 'show', latest?.snapshotId ?? '');
  expect(shown).toMatchObject({ id: latest?.snapshotId, volume_id: latest?.volumeId, status: 'available', name: latest?.snapshotName, description: `daily of ${instance}` });

  // Nothing of ours on what no policy matches.
  const ofOurs = new Set((await project.snapshots()).filter(({ metadata }) => metadata['snapkeep_policy'] === 'daily').map(({ volume_id }) => volume_id));
  expect(none.filter((id) => ofOurs.has(id))).toEqual([]);
  expect(none).toContain(apart.id);
  expect(JSON.stringify(service.events('api.called'))).not.toContain(credentials.password);
});

/** A due time as names show it. */
function compact(due: string): string {
  return due.replaceAll(/[:-]/g, '');
}
