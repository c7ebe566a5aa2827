import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { identityProxy } from './support/identity-proxy.ts';
import { credentials } from './support/open-stack.ts';
import { expectOneSnapshotForEach, openProject, target } from './support/project.ts';
import { runsOf, startService, writePolicies } from './support/service.ts';

test('a wrong password is told once and never tried again by itself; a right one is taken up without a restart', async () => {
  await using project = await openProject();
  const volumes = await Promise.all([project.volume('one'), project.volume('two')]);
  await using proxy = await identityProxy();
  const passwordFile = path.join(project.directory, 'password');
  await writeFile(passwordFile, 'nobody-uses-this\n');
  const schedule = { cron: '*/2 * * * * *' };
  const workplace = await writePolicies(project.directory, {
    apiVersion: 'snapkeep/v1',
    instance: project.instance,
    targets: [target('cloud', { identityEndpoint: proxy.url, password: { file: passwordFile } })],
    defaults: { target: 'cloud', schedule },
    policies: volumes.map(({ id }, index) => ({ name: `policy-${index}`, volumes: { ids: [id] } })),
  });
  await using service = await startService(workplace);

  // Two policies, each tried again and again.
  for (const policy of ['policy-0', 'policy-1']) await service.logged('policy.start_failed', { policy }, { count: 2, timeoutMs: 40_000 });
  expect(proxy.logins).toEqual([401]);
  expect(service.events('api.called', { operation: 'login' })).toEqual([expect.objectContaining({ httpStatus: 401 })]);
  expect(service.events('auth.failed')).toEqual([
    expect.objectContaining({ level: 'error', target: 'cloud', httpStatus: 401, requestId: expect.stringMatching(/^req-/) }),
  ]);
  expect(service.events('policy.start_failed')[0]).toMatchObject({ level: 'error', httpStatus: 401 });
  // Readiness is about Redis, the configuration and the queue: another replica would not do better.
  expect(await service.readiness()).toBe(200);
  expect(await project.snapshots()).toEqual([]);

  await writeFile(passwordFile, `${credentials.password}\n`);
  for (const policy of ['policy-0', 'policy-1']) await service.logged('firing.finished', { policy }, { timeoutMs: 25_000 });
  expect(proxy.logins).toEqual([401, 201]);
  expect(await service.stop()).toEqual({ code: 0, signal: null });
  const runs = await runsOf(workplace);
  expectOneSnapshotForEach(runs, await project.snapshots());

  const printed = JSON.stringify([service.events('auth.failed'), service.events('policy.start_failed'), service.events('api.called'), runs]);
  expect(printed).not.toContain('nobody-uses-this');
  expect(printed).not.toContain(credentials.password);
});
