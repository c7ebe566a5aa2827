import { describe, expect, test } from 'vitest';
import { ofKind, render, theOne } from './support/helm.ts';
import type { Manifest } from './support/helm.ts';
import { matrix } from './support/matrix.ts';

/** The pods that are made, by what makes them. */
function podSpecs(manifests: readonly Manifest[]): readonly Manifest['spec'][] {
  return [...ofKind(manifests, 'Deployment').map((each) => each['spec'].template.spec), ...ofKind(manifests, 'Pod').map((each) => each['spec'])];
}

describe.each(matrix)('every pod with $name', ({ values }) => {
  test('keeps to the restricted profile, writes nothing to its root and has no token', async () => {
    for (const spec of podSpecs(await render(values))) {
      expect(spec).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } });
      for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers']) expect(spec).not.toHaveProperty(key);
      for (const { securityContext, ports = [] } of spec.containers) {
        expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, privileged: false, capabilities: { drop: ['ALL'] } });
        for (const port of ports) expect(port).not.toHaveProperty('hostPort');
      }
      for (const volume of spec.volumes) expect(['configMap', 'secret', 'projected']).toContain(Object.keys(volume).find((key) => key !== 'name'));
    }
  });

  test('mounts directories, which Kubernetes updates, and no single files (A36: kubernetes/kubernetes #50345)', async () => {
    for (const spec of podSpecs(await render(values))) {
      expect(spec.containers[0].volumeMounts[0]).toEqual({ name: 'config', mountPath: '/etc/snapkeep', readOnly: true });
      for (const mount of spec.containers[0].volumeMounts) expect(mount).not.toHaveProperty('subPath');
      for (const { configMap } of spec.volumes) expect(configMap ?? {}).not.toHaveProperty('items');
    }
  });

  test('says what it needs, and is given time to drain', async () => {
    for (const spec of podSpecs(await render(values))) {
      const { args, resources } = spec.containers[0];
      expect(resources).toMatchObject({ requests: { cpu: expect.any(String), memory: expect.any(String) }, limits: { memory: expect.any(String) } });
      const drain = args.find((arg: string) => arg.startsWith('--drain='));
      if (args[0] === 'serve') expect(spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(/\d+/.exec(drain)?.[0]) + 15);
    }
  });
});

describe('the pods of the service', () => {
  test('run the roles, each probed where it says how it is', async () => {
    const roles = async (...values: Parameters<typeof render>[0]) => ofKind(await render(values), 'Deployment').map((each) => each['spec'].template.spec.containers[0].args[1]);

    expect(await roles('minimal')).toEqual(['--role=scheduler', '--role=worker']);
    expect(await roles('minimal', 'one-deployment')).toEqual(['--role=all']);
    for (const each of ofKind(await render(['minimal']), 'Deployment')) {
      const [container] = each['spec'].template.spec.containers;
      expect(container.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
      expect(container.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'http' });
      expect(container.startupProbe.httpGet).toEqual({ path: '/livez', port: 'http' });
    }
  });

  test('do not restart for other policies, and do for another image', async () => {
    const templates = async (values: Readonly<Record<string, unknown>>) => ofKind(await render(['minimal', values]), 'Deployment').map((each) => each['spec'].template);
    const before = await templates({});

    expect(await templates({ config: { instance: 'another' } })).toEqual(before);
    expect(await templates({ image: { tag: '9.9.9' } })).not.toEqual(before);
    expect((await templates({ image: { tag: '9.9.9' } }))[0].spec.containers[0].image).toBe('snapkeep:9.9.9');
  });

  test('get Redis, its password and authorities, the admin token and the clouds\' secrets by reference', async () => {
    const [spec] = podSpecs(await render(['everything'])) as [Manifest['spec']];
    const [{ env, args }] = spec.containers;
    const dir = '/var/run/secrets/snapkeep-service';

    expect(args).toContain(`--admin-token-file=${dir}/admin-token-file`);
    expect(env).toEqual(expect.arrayContaining([
      { name: 'SNAPKEEP_REDIS', value: 'rediss+sentinel://snapkeep@sentinel-0.redis:26380,sentinel-1.redis,sentinel-2.redis/main' },
      { name: 'SNAPKEEP_REDIS_PASSWORD_FILE', value: `${dir}/redis-password-file` },
      { name: 'SNAPKEEP_REDIS_CA_FILE', value: `${dir}/redis-ca-file` },
      { name: 'ON_CALL_URL', valueFrom: { secretKeyRef: { name: 'snapkeep-hooks', key: 'on-call' } } },
    ]));
    expect(spec.volumes).toEqual(expect.arrayContaining([
      { name: 'credentials', secret: { secretName: 'snapkeep-credentials', defaultMode: 0o440 } },
      {
        name: 'service-secrets',
        projected: {
          defaultMode: 0o440,
          sources: [
            { secret: { name: 'snapkeep-admin', items: [{ key: 'token', path: 'admin-token-file' }] } },
            { secret: { name: 'redis-ca', items: [{ key: 'ca.crt', path: 'redis-ca-file' }] } },
            { secret: { name: 'snapkeep-redis', items: [{ key: 'password', path: 'redis-password-file' }] } },
          ],
        },
      },
    ]));
  });

  test('take the address of Redis from a Secret where it holds the password', async () => {
    const [spec] = podSpecs(await render(['minimal', 'one-deployment']));

    expect(spec.containers[0].env).toContainEqual({ name: 'SNAPKEEP_REDIS', valueFrom: { secretKeyRef: { name: 'redis', key: 'url' } } });
  });
});

test('helm test gets the secrets of the clouds, and not those of the service', async () => {
  const { containers, volumes } = theOne(await render(['everything']), 'Pod')['spec'];

  expect(containers[0].env.map(({ name }: { name: string }) => name)).toEqual(['ON_CALL_URL', 'HEARTBEAT_URL', 'NODE_OPTIONS', 'NODE_NAME']);
  expect(volumes.map(({ name }: { name: string }) => name)).toEqual(['config', 'credentials']);
});

test('helm test checks the policies against the clouds, or only their text', async () => {
  const args = async (...values: Parameters<typeof render>[0]) => theOne(await render(values), 'Pod')['spec'].containers[0].args;

  expect(await args('minimal')).toEqual(['validate', '--online', '/etc/snapkeep']);
  expect(await args('everything')).toEqual(['validate', '/etc/snapkeep']);
});
