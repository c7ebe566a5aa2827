import { ExternalSecret } from '@kubernetes-models/external-secrets/external-secrets.io/v1/ExternalSecret';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Pod } from 'kubernetes-models/v1/Pod';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import type { Manifest } from './helm.ts';

const models = {
  'apps/v1 Deployment': { model: Deployment, from: 'kubernetes-models/apps/v1/Deployment' },
  'autoscaling/v2 HorizontalPodAutoscaler': { model: HorizontalPodAutoscaler, from: 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler' },
  'external-secrets.io/v1 ExternalSecret': { model: ExternalSecret, from: '@kubernetes-models/external-secrets/external-secrets.io/v1/ExternalSecret' },
  'keda.sh/v1alpha1 ScaledObject': { model: ScaledObject, from: '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject' },
  'monitoring.coreos.com/v1 PrometheusRule': { model: PrometheusRule, from: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule' },
  'monitoring.coreos.com/v1 ServiceMonitor': { model: ServiceMonitor, from: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor' },
  'networking.k8s.io/v1 NetworkPolicy': { model: NetworkPolicy, from: 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy' },
  'policy/v1 PodDisruptionBudget': { model: PodDisruptionBudget, from: 'kubernetes-models/policy/v1/PodDisruptionBudget' },
  'v1 ConfigMap': { model: ConfigMap, from: 'kubernetes-models/v1/ConfigMap' },
  'v1 Pod': { model: Pod, from: 'kubernetes-models/v1/Pod' },
  'v1 Service': { model: Service, from: 'kubernetes-models/v1/Service' },
  'v1 ServiceAccount': { model: ServiceAccount, from: 'kubernetes-models/v1/ServiceAccount' },
} as const;

function modelOf(manifest: Manifest): (typeof models)[keyof typeof models] {
  const key = `${manifest.apiVersion} ${manifest.kind}`;
  const found = Object.entries(models).find(([name]) => name === key);
  if (found === undefined) throw new Error(`no schema for ${key}: the chart renders what this test does not know`);
  return found[1];
}

/** What the schema of its kind says against an object: required fields, types, enumerations, formats. It says nothing of unknown fields. */
export function schemaProblem(manifest: Manifest): string | null {
  const { model: Model } = modelOf(manifest);
  try {
    // Any object goes in: whether it is one of this kind is what the schema tells.
    new (Model as new (data: unknown) => { validate(): void })(manifest).validate();
    return null;
  } catch (error) {
    return `${manifest.kind} ${manifest.metadata.name}: ${String(error)}`;
  }
}

/** A TypeScript program with each object as a literal of its kind's type: the compiler refuses unknown fields, at any depth. */
export function typedManifests(manifests: readonly Manifest[]): string {
  return manifests
    .map((manifest, index) => {
      const { from } = modelOf(manifest);
      return `import type { I${manifest.kind} as Kind${index} } from '${from}';\nexport const object${index}: Kind${index} = ${JSON.stringify(manifest)};`;
    })
    .join('\n');
}
