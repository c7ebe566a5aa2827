import { describe, expect, test } from 'vitest';
import { ofKind, render, theOne } from './support/helm.ts';
import type { Manifest } from './support/helm.ts';
import { matrix } from './support/matrix.ts';

type Labels = Readonly<Record<string, string>>;

interface Pods {
  readonly of: string;
  readonly labels: Labels;
}

function selects(selector: Labels, { labels }: Pods): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

/** The pods of each Deployment, and the one of `helm test`. */
function podsOf(manifests: readonly Manifest[]): { services: readonly Pods[]; all: readonly Pods[] } {
  const services = ofKind(manifests, 'Deployment').map((each) => ({ of: each.metadata.name, labels: each['spec'].template.metadata.labels as Labels }));
  const tests = ofKind(manifests, 'Pod').map((each) => ({ of: each.metadata.name, labels: each.metadata.labels ?? {} }));
  return { services, all: [...services, ...tests] };
}

function selected(selector: Labels, pods: readonly Pods[]): readonly string[] {
  return pods.filter((each) => selects(selector, each)).map((each) => each.of);
}

describe.each(matrix)('with $name', ({ values }) => {
  test('a Deployment selects its own pods and no others', async () => {
    const manifests = await render(values);
    const { all } = podsOf(manifests);

    for (const { metadata, spec } of ofKind(manifests, 'Deployment') as readonly (Manifest & { spec: { selector: { matchLabels: Labels } } })[]) {
      expect(selected(spec.selector.matchLabels, all)).toEqual([metadata.name]);
    }
  });

  test('the Service sends to all processes of the service, and never to the pod of helm test', async () => {
    const manifests = await render(values);
    const { services, all } = podsOf(manifests);

    expect(selected(theOne(manifests, 'Service')['spec'].selector, all)).toEqual(services.map((each) => each.of));
  });

  test('each Deployment has one budget, and it lets a pod go', async () => {
    const manifests = await render(values);
    const { all, services } = podsOf(manifests);
    const budgets = ofKind(manifests, 'PodDisruptionBudget');

    const covered = budgets.flatMap((each) => selected(each['spec'].selector.matchLabels, all));
    expect(covered).toEqual(budgets.length === 0 ? [] : services.map((each) => each.of));
    for (const each of budgets) expect(each['spec'].maxUnavailable).toBeGreaterThan(0);
  });

  test('the NetworkPolicy covers every pod', async () => {
    const manifests = await render(values);
    const { all } = podsOf(manifests);

    for (const each of ofKind(manifests, 'NetworkPolicy')) {
      expect(selected(each['spec'].podSelector.matchLabels, all)).toEqual(all.map((pods) => pods.of));
      expect(each['spec'].policyTypes).toEqual(['Ingress', 'Egress']);
    }
  });

  test('pods spread among their own kind', async () => {
    const manifests = await render(values);
    const { all } = podsOf(manifests);

    for (const { metadata, ...rest } of ofKind(manifests, 'Deployment')) {
      for (const { labelSelector } of rest['spec'].template.spec.topologySpreadConstraints ?? []) {
        expect(selected(labelSelector.matchLabels, all)).toEqual([metadata.name]);
      }
    }
  });

  test('what is mounted is a volume of the pod, and every reference leads to something of this chart or to a Secret that was named', async () => {
    const manifests = await render(values);
    const made = new Set(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`));

    for (const spec of [...ofKind(manifests, 'Deployment').map((each) => each['spec'].template.spec), ...ofKind(manifests, 'Pod').map((each) => each['spec'])]) {
      const volumes: readonly { name: string; configMap?: { name: string } }[] = spec.volumes;
      const mounts: readonly { name: string }[] = spec.containers[0].volumeMounts;
      expect(mounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name));
      for (const { configMap } of volumes) if (configMap !== undefined) expect(made).toContain(`ConfigMap ${configMap.name}`);
      if (spec.serviceAccountName !== 'existing') expect(made).toContain(`ServiceAccount ${spec.serviceAccountName}`);
    }
  });
});

test('the ServiceMonitor finds the Service by its labels, and its port by name', async () => {
  const manifests = await render(['everything']);
  const service = theOne(manifests, 'Service');
  const { selector, endpoints } = theOne(manifests, 'ServiceMonitor')['spec'];

  expect(service.metadata.labels).toMatchObject(selector.matchLabels);
  expect(service['spec'].ports.map(({ name }: { name: string }) => name)).toContain(endpoints[0].port);
});

test.each([
  { values: ['everything'], kind: 'ScaledObject', scaled: 'snapkeep-worker' },
  { values: ['minimal', 'one-deployment'], kind: 'HorizontalPodAutoscaler', scaled: 'snapkeep-all' },
])('$kind scales $scaled, whose number of replicas then is not the chart\'s to say', async ({ values, kind, scaled }) => {
  const manifests = await render(values);

  expect(theOne(manifests, kind)['spec'].scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: scaled });
  expect(theOne(manifests, 'Deployment', scaled)['spec']).not.toHaveProperty('replicas');
});

test('the NetworkPolicy lets out to the ports of Redis, of the cloud and of DNS', async () => {
  const portsOf = async (...values: Parameters<typeof render>[0]) => {
    const { egress } = theOne(await render(values), 'NetworkPolicy')['spec'] as { egress: { ports: { port: number }[] }[] };
    return egress.slice(0, 3).map(({ ports }) => [...new Set(ports.map(({ port }) => port))]);
  };

  expect(await portsOf('minimal')).toEqual([[6379], [443, 8776], [53]]);
  expect(await portsOf('minimal', { redis: { url: 'rediss://user@redis.example.com:6390/3' } })).toEqual([[6390], [443, 8776], [53]]);
  expect(await portsOf('minimal', { redis: { url: 'redis+sentinel://a,b:26380/main/2' } })).toEqual([[26379, 26380, 6379], [443, 8776], [53]]);
  expect(await portsOf('minimal', { redis: { url: 'redis+cluster://a:7000,b:7001' } })).toEqual([[7000, 7001], [443, 8776], [53]]);
  expect(await portsOf('minimal', { redis: { url: 'redis://redis', urlSecret: { name: 'redis', key: 'url' } }, networkPolicy: { redisPorts: [7379] } })).toEqual([[6379, 7379], [443, 8776], [53]]);
});
