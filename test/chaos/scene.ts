import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadPolicies } from '#config/load-policies';
import type { Policy } from '#domain/policy';
import { runIdOf } from '#domain/naming/run-id';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { selectsVolume } from '#domain/selection';
import { addMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import { RedisLedger } from '../../src/adapters/redis/redis-ledger.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { audit, auditLine, auditProblems } from './audit.ts';
import type { Audit, Triple } from './audit.ts';
import { goodOf, madeBy, runRecords, toldBy } from './evidence.ts';
import { badDay, putForeign } from './faults.ts';
import { Fleet } from './fleet.ts';
import { policyFile, volumes } from './policies.ts';
import * as settings from './settings.ts';

const INSTANCE = 'chaos';

export interface SceneOptions {
  /** Names the scene in its line and in the file of its logs. */
  readonly label: string;
  readonly seed: number;
  readonly redisUrl: string;
  readonly schedulers?: number;
  readonly workers?: number;
  readonly launcher?: string | undefined;
  /** A broken build: what the audit finds is meant to be there. */
  readonly isBroken?: boolean;
}

/** Real processes on a real Redis and a simulated cloud on a bad day. */
export interface Scene extends AsyncDisposable {
  readonly cloud: Simulator;
  readonly fleet: Fleet;
  /**
   * The faults end here: every due time until now is dealt with, the schedulers stop, the workers finish, and what the
   * cloud has is held against what was due. Throws where one of these does not come to pass.
   */
  settle(): Promise<Audit>;
}

export async function stageChaos(options: SceneOptions): Promise<Scene> {
  const { seed, redisUrl, schedulers = 2, workers = 3 } = options;
  const cloud = await startSimulator({
    seed,
    volumes,
    faults: badDay,
    creation: { minMs: 200, maxMs: 1_200 },
    deletion: { minMs: 50, maxMs: 300 },
    snapshotsPerVolume: null,
    // A snapshot is not in any answer at first.
    visibilityDelayMs: 600,
    latencyMs: { create: 40, '*': 5 },
  });
  // What the cloud commits late, it commits when somebody looks: at its time only where somebody always does.
  const ticking = setInterval(() => cloud.snapshots({ volumeId: 'none' }), 20);
  const foreign = putForeign(cloud);
  const dir = await tempDir('chaos');
  const config = path.join(dir.path, 'policies.yaml');
  await writeFile(config, policyFile(cloud, INSTANCE));
  const policies = await policiesIn(config);
  const store = ['--config', config, '--redis', redisUrl];
  const redis = connectRedis(parseRedisUrl(redisUrl), 'commands');
  redis.on('error', () => undefined);
  const ledger = new RedisLedger(redis, INSTANCE, systemClock);
  const fleet = new Fleet({
    schedulers,
    workers,
    args: [...store, '--host', '127.0.0.1', '--port', '0', '--log-format', 'json', '--log-level', settings.logLevel],
    env: { CHAOS_PASSWORD: cloud.credentials.password },
    launcher: options.launcher ?? settings.launcher,
  });
  await fleet.untilStarted();
  // From here on every due time counts.
  const names = policies.map(({ name }) => name);
  await waitFor(() => ledger.policyStates(names), (states) => states.size === names.length, { what: 'the records of all policies', timeoutMs: 60_000 });
  const from = instant(Date.now());

  async function settle(): Promise<Audit> {
    try {
      const result = await finishAndAudit();
      process.stdout.write(`${auditLine(options.label, seed, result)}\n  reasons: ${JSON.stringify(result.reasons)}\n`);
      const problems = auditProblems(result);
      if ((problems !== '' && options.isBroken !== true) || settings.keepLogs) process.stdout.write(`${problems}logs: ${await keepLogs()}\n`);
      return result;
    } catch (error) {
      process.stdout.write(`${options.label}: seed ${seed}: did not come to an end; logs: ${await keepLogs()}\n`);
      throw error;
    }
  }

  async function finishAndAudit(): Promise<Audit> {
    cloud.faults.clear();
    await fleet.untilStarted();
    const until = instant(Date.now());
    await waitFor(async () => behind(policies, await ledger.policyStates(names), until), (late) => late.length === 0, {
      what: 'all due times to be dealt with',
      timeoutMs: settings.SETTLE_MS / 3,
      intervalMs: 200,
    });
    await fleet.stop('scheduler');
    await waitFor(
      async () => (await ledger.openFirings()).filter(({ total }) => total !== null).map(({ policy, due, counts }) => ({ policy, due, ...counts })),
      (open) => open.length === 0,
      { what: 'all runs to end', timeoutMs: settings.SETTLE_MS / 2, intervalMs: 200 },
    );
    await fleet.stop('worker');
    // The last failed snapshots and duplicates may still be on their way out.
    await waitFor(() => cloud.snapshots().filter(({ status }) => status === 'deleting' || status === 'creating').length, (count) => count === 0, { what: 'the cloud to come to rest' });
    return audit({
      expected: dueTriples(policies, cloud, from, until),
      made: madeBy(cloud, INSTANCE),
      good: goodOf(cloud, INSTANCE),
      deleted: cloud.ledger.deletes().map(({ snapshotId }) => snapshotId),
      foreign,
      runs: await runRecords(store),
      told: toldBy(fleet.told()),
    });
  }

  async function keepLogs(): Promise<string> {
    const kept = path.join(tmpdir(), 'snapkeep-chaos-logs');
    await mkdir(kept, { recursive: true });
    const file = path.join(kept, `${options.label.replaceAll(/\W+/g, '-')}-${seed}-${process.pid}.log`);
    await writeFile(file, fleet.transcript());
    const requests = cloud.ledger.creates().map(({ body, ...request }) => JSON.stringify({ ...request, run: runIn(body) }));
    await writeFile(file.replace(/\.log$/, '.creates.jsonl'), requests.join('\n'));
    await writeFile(file.replace(/\.log$/, '.effects.jsonl'), cloud.ledger.effects().map((effect) => JSON.stringify(effect)).join('\n'));
    return file;
  }

  return {
    cloud,
    fleet,
    settle,
    async [Symbol.asyncDispose]() {
      for (let member = 0; member < fleet.size; member += 1) await fleet.kill(member);
      redis.disconnect();
      clearInterval(ticking);
      await cloud.close();
      await dir.remove();
    },
  };
}

async function policiesIn(config: string): Promise<readonly Policy[]> {
  const loaded = await loadPolicies([config], { now: instant(Date.now()) });
  if (!loaded.ok) throw new Error(`the policies of the test are invalid: ${JSON.stringify(loaded.problems)}`);
  return loaded.set.policies;
}

/** Everything that was due in (from, until], by croner and the volumes that match. */
function dueTriples(policies: readonly Policy[], cloud: Simulator, from: Instant, until: Instant): readonly Triple[] {
  const known = cloud.volumes().map((volume) => ({ ...volume, sizeGb: volume.size, createdAt: instant(volume.createdAt) }));
  return policies.flatMap((policy) => {
    const covered = known.filter((volume) => selectsVolume(policy.volumes, volume));
    const dues = fireTimesOf(policy.schedule).between(from, until, 1_000_000);
    return dues.flatMap((due) => covered.map(({ id }) => ({ policy: policy.name, volumeId: id, due, runId: runIdOf(INSTANCE, policy.name, id, due) })));
  });
}

/** Policies with a due time up to `until` that the watermark has not reached. */
function behind(policies: readonly Policy[], states: ReadonlyMap<string, { watermark: Instant }>, until: Instant): readonly string[] {
  return policies
    .filter((policy) => (states.get(policy.name)?.watermark ?? 0) < (fireTimesOf(policy.schedule).previous(addMs(until, 1)) ?? 0))
    .map(({ name }) => name);
}

function runIn(body: unknown): string {
  const snapshot = (body as { snapshot?: { metadata?: Record<string, string> } } | undefined)?.snapshot;
  return snapshot?.metadata?.['snapkeep_run'] ?? '';
}
