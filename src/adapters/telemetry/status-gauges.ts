import { Gauge } from 'prom-client';
import type { PolicyGauges } from '#app/views/policy-gauges';
import type { MetricsRegistry } from './registry.ts';

/** What the gauges show: read anew for every scrape, from the state that all replicas share. */
export interface GaugeSource {
  policies(): Promise<readonly PolicyGauges[]>;
  queues(): Promise<readonly { target: string; states: Readonly<Record<string, number>> }[]>;
  tokens(): readonly { target: string; expiresAtSeconds: number }[];
  config(): { successful: boolean; loadedAtSeconds: number };
  build(): { version: string; revision: string };
}

/**
 * Registers the gauges. `refresh` fills them from the source and has to be called before each scrape; a series whose
 * policy or target is gone goes with it. Where the shared state cannot be read the gauges are empty, never stale, and
 * `redis_up` says so.
 */
export function statusGauges(registry: MetricsRegistry, source: GaugeSource): { refresh(): Promise<void> } {
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge => new Gauge({ name: `snapkeep_${name}`, help, labelNames, registers: [registry] });
  const ofPolicy = ['target', 'policy'];
  const volumes = gauge('policy_volumes', 'Volumes the policy covers', ofPolicy);
  const overdue = gauge('policy_volumes_overdue', 'Volumes whose newest good snapshot is older than the objective', ofPolicy);
  const rpo = gauge('policy_rpo_seconds', 'The objective', ofPolicy);
  const lag = gauge('policy_rpo_lag_seconds', 'Age of the newest good snapshot of the worst volume', ofPolicy);
  const lastFiring = gauge('policy_last_firing_timestamp_seconds', 'Due time of the last firing', ['policy']);
  const nextDue = gauge('policy_next_due_timestamp_seconds', 'The oldest due time not dealt with: past where no scheduler works; absent while paused', ['policy']);
  const redisUp = gauge('redis_up', 'Whether this process can read the state that all replicas share');
  const queueJobs = gauge('queue_jobs', 'Runs in the queue by state', ['target', 'state']);
  const tokenExpiry = gauge('token_expiry_timestamp_seconds', 'When the token of this process expires', ['target']);
  const reloadOk = gauge('config_last_reload_successful', 'Whether the policy files in place are the ones in force');
  const reloadAt = gauge('config_last_reload_timestamp_seconds', 'When the policy files in force were read');
  const build = gauge('build_info', 'Always 1', ['version', 'revision']);
  const shared = [volumes, overdue, rpo, lag, lastFiring, nextDue, queueJobs];

  function fill(of: PolicyGauges): void {
    const labels = { target: of.target, policy: of.policy };
    volumes.set(labels, of.volumes);
    overdue.set(labels, of.overdue);
    rpo.set(labels, of.rpoSeconds);
    if (of.rpoLagSeconds !== null) lag.set(labels, of.rpoLagSeconds);
    if (of.lastFiringSeconds !== null) lastFiring.set({ policy: of.policy }, of.lastFiringSeconds);
    if (of.nextDueSeconds !== null) nextDue.set({ policy: of.policy }, of.nextDueSeconds);
  }

  return {
    async refresh(): Promise<void> {
      const { version, revision } = source.build();
      build.set({ version, revision }, 1);
      const { successful, loadedAtSeconds } = source.config();
      reloadOk.set(successful ? 1 : 0);
      reloadAt.set(loadedAtSeconds);
      tokenExpiry.reset();
      for (const { target, expiresAtSeconds } of source.tokens()) tokenExpiry.set({ target }, expiresAtSeconds);
      const read = await Promise.all([source.policies(), source.queues()]).catch(() => null);
      redisUp.set(read === null ? 0 : 1);
      for (const each of shared) each.reset();
      if (read === null) return;
      const [policies, queues] = read;
      policies.forEach(fill);
      for (const { target, states } of queues) for (const [state, jobs] of Object.entries(states)) queueJobs.set({ target, state }, jobs);
    },
  };
}
