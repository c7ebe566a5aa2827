import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { EventName } from '#app/events';
import type { FiringRecord } from '#app/ports/ledger';
import { OUTCOMES } from '#domain/run';
import type { Outcome } from '#domain/run';
import type { PolicySet } from '#domain/policy';
import { parseDuration } from '#domain/time';
import { DemoView } from '../cli/demo-view.ts';
import type { DemoSummary } from '../cli/demo-view.ts';
import { EXIT } from '../cli/io.ts';
import type { Io } from '../cli/io.ts';
import { describeRedis } from '../adapters/redis/redis-url.ts';
import { fanOut } from '../adapters/telemetry/fan-out.ts';
import { optionsFromFlags } from '../simulator/options-from-flags.ts';
import { startSimulator } from '../simulator/start-simulator.ts';
import type { Simulator } from '../simulator/start-simulator.ts';
import { loadSet } from './load-set.ts';
import { startService } from './service.ts';
import type { Service } from './service.ts';
import { firstSignal } from './signals.ts';
import { openRedisOrSay } from './with-store.ts';

const policyFile = fileURLToPath(new URL('../../config/demo.yaml', import.meta.url));

/** The demo's cloud: two volumes that are always refused with 400, and two whose first try ends in error. */
const cloudFlags = { port: '0', volumes: '40', refuse: '2', failFirst: '2', creation: '1s..3s' };

/** How long runs under way may take to end once the time is up. */
const FINISH_MS = 30_000;

/** Everything at once on this machine: an own Redis, a simulated cloud, the real service on the demo's policy. */
export async function demo(args: { for: string; json: boolean; port: string }, io: Io): Promise<number> {
  const length = parseDuration(args.for);
  if (length === null) {
    io.stderr.write(`snapkeep: --for is a duration such as 30s, not ${args.for}\n`);
    return EXIT.usage;
  }
  const stopRequested = firstSignal(['SIGTERM', 'SIGINT']);
  const names = new Map<string, string>();
  const shown = args.json ? { ...io, stdout: { write: () => undefined } } : io;
  const view = new DemoView(shown, process.env['NO_COLOR'] === undefined, (volumeId) => names.get(volumeId) ?? volumeId);
  const loaded = await loadSet([policyFile], io);
  if (loaded === null) return EXIT.usage;

  const dataDir = await mkdtemp(join(tmpdir(), 'snapkeep-demo-'));
  const redis = await openRedisOrSay({ config: [policyFile], redis: 'embedded', dataDir }, io, 'owner');
  if (redis === null) return EXIT.failed;
  const cloud = await startSimulator({ ...optionsFromFlags(cloudFlags), snapshotsPerVolume: null });
  for (const { id, name } of cloud.volumes()) names.set(id, name);
  const startedAt = performance.now();
  const counted = new Map<EventName, number>();
  const set = onSimulator(loaded.set, cloud);
  const service = await startService({
    role: 'all',
    set,
    redis,
    host: '127.0.0.1',
    port: Number(args.port),
    telemetry: fanOut([view, { emit: (event) => void counted.set(event, (counted.get(event) ?? 0) + 1) }]),
    env: { ...process.env, SNAPKEEP_DEMO_PASSWORD: cloud.credentials.password },
  });
  view.say(`simulated cloud  ${cloud.url}  (${cloud.volumes().length} volumes; 2 refuse with 400, 2 end in error first)`);
  view.say(`status page      ${service.url}/`);
  view.say(`snapkeep         ${service.url}/metrics, /readyz`);
  view.say(`look around      ./bin/snapkeep runs --outcome failed --config config/demo.yaml --redis ${describeRedis(redis.address)}`);
  io.stderr.write(`dashboard        scrape ${service.url}/metrics with Prometheus, import config/grafana/snapkeep.json into Grafana and open /d/snapkeep there\n`);
  view.say(`policy           config/demo.yaml: every 10 s; this ends after ${args.for} (Ctrl-C ends it sooner)\n`);
  try {
    await service.started;
    await Promise.race([stopRequested, setTimeout(length, undefined, { ref: false })]);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    await finishRuns(service, set);
    const summary = await summarize(service, cloud, seconds, counted);
    if (args.json) io.stdout.write(`${JSON.stringify(summary)}\n`);
    else view.summary(summary);
    return EXIT.done;
  } finally {
    await service.stop(5_000);
    await cloud.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The demo's policies on the cloud that was just started. */
function onSimulator(set: PolicySet, cloud: Simulator): PolicySet {
  const targets = set.targets.map((target) => ({
    ...target,
    endpoint: cloud.evsEndpoint,
    projectId: cloud.projectId,
    auth: target.auth.type === 'password' ? { ...target.auth, identityEndpoint: cloud.identityEndpoint, domain: cloud.credentials.domain } : target.auth,
  }));
  return { ...set, targets };
}

/** No new firing from here on; those under way are waited for. */
async function finishRuns(service: Service, set: PolicySet): Promise<void> {
  service.policies.replace({ ...set, policies: set.policies.map((policy) => ({ ...policy, paused: true })) });
  const until = performance.now() + FINISH_MS;
  while (performance.now() < until && (await service.ledger.openFirings()).length > 0) await setTimeout(100);
}

async function summarize(service: Service, cloud: Simulator, seconds: number, counted: ReadonlyMap<EventName, number>): Promise<DemoSummary> {
  const firings: FiringRecord[] = [];
  for (const { name } of service.policies.current().policies) firings.push(...(await service.ledger.firings(name, Number.MAX_SAFE_INTEGER)));
  const count = (outcome: Outcome): number => firings.reduce((sum, firing) => sum + firing.counts[outcome], 0);
  const runs = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count(outcome)])) as Record<Outcome, number>;
  const good = cloud.snapshots().filter(({ status }) => status === 'available');
  const runIds = new Set(good.map(({ metadata }) => metadata['snapkeep_run']));
  return {
    seconds,
    firings: firings.length,
    runs,
    snapshotsCreated: counted.get('snapshot.available') ?? 0,
    snapshotsPruned: counted.get('prune.deleted') ?? 0,
    duplicates: good.length - runIds.size + (counted.get('snapshot.duplicate') ?? 0),
    apiCalls: cloud.ledger.count(),
    url: `${service.url}/`,
  };
}
