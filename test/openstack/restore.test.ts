import { expect, test } from 'vitest';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import { openstackClient } from './support/open-stack.ts';
import { openProject, target } from './support/project.ts';
import { writePolicies } from './support/service.ts';

test('a snapshot becomes a new volume, the source stays as it is; validate and plan see the project', async () => {
  await using project = await openProject();
  const { cloud, instance } = project;
  const source = await project.volume('source');
  const snapshot = await openstackClient<{ id: string }>('volume', 'snapshot', 'create', '--volume', source.id, `${instance}-by-hand`);
  const { config } = await writePolicies(project.directory, {
    apiVersion: 'snapkeep/v1',
    instance,
    targets: [target('cloud')],
    policies: [{ name: 'nightly', target: 'cloud', schedule: { cron: '0 2 * * *' }, volumes: { ids: [source.id] }, retention: { last: 3 } }],
  });
  const run = async (...args: string[]): Promise<{ code: number | null; stdout: string }> => {
    const child = spawnSnapkeep(args);
    const { code } = await child.waitForExit(60_000);
    return { code, stdout: child.stdout() };
  };
  // These commands go on where there is no Redis.
  const withConfig = ['--config', config, '--redis', 'redis://127.0.0.1:1', '--json'];

  expect(await run('validate', '--online', config)).toMatchObject({ code: 0, stdout: expect.stringContaining('target cloud: logged in') });

  const planned = await run('plan', ...withConfig);
  expect(planned.code).toBe(0);
  expect(JSON.parse(planned.stdout)).toMatchObject({
    policies: [{ policy: 'nightly', volumes: [{ id: source.id, name: source.name }], prune: [{ snapshotId: snapshot.id, action: 'ignore', reasons: ['foreign: it does not bear our mark'] }] }],
    failedTargets: [],
  });

  const restored = await run('restore', snapshot.id, '--name', `${instance}-back`, ...withConfig);
  const made = (await cloud.volumes()).filter(({ name }) => name === `${instance}-back`);
  try {
    expect(restored.code).toBe(0);
    expect(made).toMatchObject([{ status: 'available', metadata: { snapkeep_restore: expect.any(String) } }]);
    expect(JSON.parse(restored.stdout)).toEqual({ snapshotId: snapshot.id, volumeId: made[0]?.id, name: `${instance}-back`, status: 'available', sizeGb: 1, seconds: expect.any(Number) });
    expect((await cloud.volumes()).find(({ id }) => id === source.id)).toEqual(source);
  } finally {
    await cloud.removeVolumes(made);
  }
});
