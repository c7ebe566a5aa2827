import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import type { OtlpReceiver, ReceivedSpan } from '../support/otlp-receiver.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import type { SnapkeepProcess } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import type { TempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

let redis: RedisServer;
let dir: TempDir;
let cloud: Simulator;

beforeAll(async () => {
  redis = await startRedis();
  dir = await tempDir('traces');
  cloud = await startSimulator({
    creation: { minMs: 50, maxMs: 100 },
    volumes: [{ name: 'vol-good' }, { name: 'vol-refused' }, { name: 'vol-again' }],
    faults: [
      { operation: 'create', volume: 'vol-refused', effect: { kind: 'code', code: 'EVS.1012' } },
      { operation: 'create', volume: 'vol-again', nth: 1, effect: { kind: 'code', code: 'EVS.5503' } },
    ],
  });
});
afterAll(async () => {
  await cloud.close();
  await dir.remove();
  await redis.stop();
});

async function serve(role: string, instance: string, env: Readonly<Record<string, string>>): Promise<SnapkeepProcess> {
  const config = path.join(dir.path, `${instance}.yaml`);
  await writeFile(config, `
apiVersion: snapkeep/v1
instance: ${instance}
targets:
  - { name: t, api: evs-v3, endpoint: "${cloud.evsEndpoint}", projectId: ${cloud.projectId}, auth: { type: password, identityEndpoint: "${cloud.identityEndpoint}", username: ${cloud.credentials.user}, domain: ${cloud.credentials.domain}, password: { env: PASSWORD } } }
policies:
  - { name: p, target: t, schedule: { cron: "*/3 * * * * *" }, volumes: { match: { name: "vol-*" } }, snapshot: { force: true }, retry: { attempts: 3, backoff: { initial: 100ms, max: 200ms }, grace: 100ms, deadline: 1m }, rpo: 5m }
`);
  const service = spawnSnapkeep(['serve', '--role', role, '--config', config, '--redis', redis.url, '--host', '127.0.0.1', '--port', '0', '--log-level', 'debug', '--log-format', 'json'], { env: { PASSWORD: cloud.credentials.password, ...env } });
  await service.waitForLine(({ json }) => json?.['event'] === 'service.started', 40_000);
  return service;
}

function on(collector: OtlpReceiver): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100', OTEL_SERVICE_NAME: 'backups' };
}

/** The traces of runs whose root has come, by the name of the volume. */
async function tracesOf(collector: OtlpReceiver): Promise<Map<string, readonly ReceivedSpan[]>> {
  const idOf = new Map(cloud.volumes().map(({ id, name }) => [id, name]));
  const roots = (): ReceivedSpan[] => collector.spans.filter(({ name }) => name === 'run');
  await waitFor(() => new Set(roots().map(({ attributes }) => attributes['snapkeep.volume_id'])).size, (count) => count === 3, { what: 'the root of a run of each volume', timeoutMs: 40_000 });
  return new Map(roots().map((root) => [idOf.get(String(root.attributes['snapkeep.volume_id'])) ?? '', collector.spans.filter(({ traceId }) => traceId === root.traceId)] as const).toReversed());
}

describe('traces', () => {
  test('one for each run, through scheduler and worker, with the calls to the cloud', async () => {
    await using collector = await startOtlpReceiver();
    await using worker = await serve('worker', 'traced', on(collector));
    await using scheduler = await serve('scheduler', 'traced', on(collector));
    const traces = await tracesOf(collector);

    const good = traces.get('vol-good') ?? [];
    const root = good.find(({ name }) => name === 'run');
    expect(root).toMatchObject({ parentSpanId: '', status: { code: 0 }, attributes: { 'snapkeep.policy': 'p', 'snapkeep.target': 't' }, resource: { 'service.name': 'backups' } });
    expect(`r${root?.traceId}`).toBe(root?.attributes['snapkeep.run_id']);
    expect(good.filter(({ parentSpanId }) => parentSpanId === root?.spanId).map(({ name }) => name).filter((name) => name !== 'show_snapshot').toSorted()).toEqual(['execute', 'make snapshot', 'plan']);
    const execute = good.find(({ name }) => name === 'execute');
    expect(execute?.events).toEqual(['snapshot.requested', 'snapshot.accepted']);
    const create = good.find(({ name }) => name === 'create_snapshot');
    expect(create).toMatchObject({ parentSpanId: execute?.spanId, attributes: { 'http.response.status_code': 202, 'snapkeep.operation': 'create_snapshot' } });
    expect(create?.attributes['snapkeep.request_id']).toMatch(/./);
    // Two are few enough to be asked for one by one.
    expect(good.find(({ name }) => name === 'show_snapshot')).toMatchObject({ parentSpanId: root?.spanId });
    for (const span of good) {
      expect(span.startMs).toBeLessThanOrEqual(span.endMs);
      expect(span.startMs).toBeGreaterThanOrEqual((root?.startMs ?? Infinity) - 1);
    }

    const refused = traces.get('vol-refused') ?? [];
    expect(refused.find(({ name }) => name === 'run')).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'EVS.1012', 'http.response.status_code': 400 } });
    expect(refused.find(({ name }) => name === 'create_snapshot')).toMatchObject({ status: { code: 2, message: 'EVS.1012' } });
    const again = traces.get('vol-again') ?? [];
    expect(again.filter(({ name }) => name === 'create_snapshot').map(({ status }) => status.code).toSorted((a, b) => a - b)).toEqual([0, 2]);

    // What the log says of a run names its trace, on both sides.
    for (const [service, event] of [[scheduler, 'run.queued'], [worker, 'snapshot.accepted'], [worker, 'api.called']] as const) {
      const line = service.lines.find(({ json }) => json?.['event'] === event && json['traceId'] === root?.traceId);
      expect(line?.json, event).toBeDefined();
    }
    // Sent on the way out, too.
    worker.kill('SIGTERM');
    expect((await worker.waitForExit(40_000)).code).toBe(0);
  }, 120_000);

  test('none, and no trace id in the log, where nobody asks', async () => {
    await using collector = await startOtlpReceiver();
    await using service = await serve('all', 'untraced', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_EXPORTER: 'none' });
    await service.waitForLine(({ json }) => json?.['event'] === 'snapshot.available', 40_000);
    expect(collector.spans).toEqual([]);
    expect(service.stdout()).not.toContain('traceId');
  }, 120_000);

  test('a share of the runs, the same on scheduler and worker', async () => {
    await using collector = await startOtlpReceiver();
    await using service = await serve('all', 'sampled', { ...on(collector), OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.5' });
    const ended = (): string[] => service.lines.filter(({ json }) => json?.['event'] === 'snapshot.available').map(({ json }) => String(json?.['runId']).slice(1));
    await waitFor(() => ended().length, (count) => count >= 8, { what: 'some runs', timeoutMs: 30_000 });
    service.kill('SIGTERM');
    await service.waitForExit(40_000);
    const sampled = new Set(collector.spans.filter(({ name }) => name === 'run').map(({ traceId }) => traceId));
    const logged = new Set(service.lines.filter(({ json }) => json?.['event'] === 'snapshot.available' && json['traceId'] !== undefined).map(({ json }) => json?.['traceId']));
    expect(ended().filter((id) => sampled.has(id))).toEqual(ended().filter((id) => logged.has(id)));
    for (const id of ended()) expect(collector.spans.some(({ traceId }) => traceId === id)).toBe(sampled.has(id));
  }, 120_000);

  test('a collector that refuses is told, and changes nothing else', async () => {
    await using collector = await startOtlpReceiver({ refuse: 400 });
    await using service = await serve('all', 'refused', on(collector));
    await service.waitForLine(({ json }) => json?.['event'] === 'traces.failed', 40_000);
    await service.waitForLine(({ json }) => json?.['event'] === 'snapshot.available', 40_000);
    service.kill('SIGTERM');
    expect((await service.waitForExit(40_000)).code).toBe(0);
    expect(service.lines.filter(({ json }) => json?.['event'] === 'traces.failed')).toHaveLength(1);
  }, 120_000);
});
