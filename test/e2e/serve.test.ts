import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import { freePort } from '../support/free-port.ts';
import { startProcess } from '../support/redis-process.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import type { OutputLine, SnapkeepProcess } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { PASSWORD_VARIABLE, policyFile } from './policy-file.ts';

const env = { [PASSWORD_VARIABLE]: 'simulator' };
const event = (name: string) => (line: OutputLine) => line.json?.['event'] === name;
const oneYear = '0 0 1 1 *';

async function statusOf(url: string): Promise<number> {
  return fetch(url).then(({ status }) => status, () => 0);
}

function untilStatus(url: string, wanted: number): Promise<number> {
  return waitFor(() => statusOf(url), (status) => status === wanted, { what: `${url} to answer ${wanted}`, timeoutMs: 20_000, intervalMs: 20 });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function events(service: SnapkeepProcess, name: string): number {
  return service.lines.filter(event(name)).length;
}

describe('serve, as a process', { timeout: 90_000 }, () => {
  test('with its own Redis: snapshots, then SIGTERM ends both and exits 0; the next one does not repeat what is done', async () => {
    await using cloud = await startSimulator({ volumes: 3, creation: { minMs: 10, maxMs: 20 }, snapshotsPerVolume: null });
    await using dir = await tempDir('serve');
    const file = await policyFile(dir.path, cloud, { cron: '*/3 * * * * *' });
    const data = path.join(dir.path, 'data');
    const args = ['serve', '--config', file, '--redis', 'embedded', '--data-dir', data, '--port', '0', '--host', '127.0.0.1'];

    const first = spawnSnapkeep(args, { env });
    await first.waitForLine(event('firing.finished'), 20_000);
    first.kill('SIGTERM');
    expect(await first.waitForExit(10_000)).toEqual({ code: 0, signal: null });
    expect(first.lines.at(-1)?.json).toMatchObject({ event: 'service.stopped', complete: true });

    const before = cloud.ledger.committedCreates().length;
    expect(before).toBeGreaterThanOrEqual(3);
    const second = spawnSnapkeep(args, { env });
    await second.waitForLine(event('firing.finished'), 20_000);
    second.kill('SIGTERM');
    await second.waitForExit(10_000);

    const runs = cloud.ledger.committedCreates().map(({ metadata }) => metadata['snapkeep_run']);
    expect(new Set(runs).size).toBe(runs.length);
  });

  test('killed hard it leaves its Redis behind, which the next one takes over and ends', async () => {
    await using cloud = await startSimulator({ volumes: 1 });
    await using dir = await tempDir('serve');
    const file = await policyFile(dir.path, cloud, { cron: oneYear });
    const args = ['serve', '--config', file, '--redis', 'embedded', '--data-dir', path.join(dir.path, 'data'), '--port', '0'];

    const first = spawnSnapkeep(args, { env });
    await first.waitForLine(event('service.started'), 20_000);
    first.kill('SIGKILL');
    await first.waitForExit();
    const second = spawnSnapkeep(args, { env });
    await second.waitForLine(event('service.started'), 20_000);
    second.kill('SIGTERM');

    expect(await second.waitForExit(10_000)).toEqual({ code: 0, signal: null });
    const third = spawnSnapkeep(['status', '--config', file, '--redis', 'embedded', '--data-dir', path.join(dir.path, 'data'), '--json']);
    expect(await third.waitForExit()).toEqual({ code: 0, signal: null });
    expect(JSON.parse(third.stdout())).toMatchObject({ policies: [{ policy: 'often', lastFiring: null }] });
  });

  test('without Redis it lives, is not ready and says why once; when Redis comes it goes to work', async () => {
    await using cloud = await startSimulator({ volumes: 1 });
    await using dir = await tempDir('serve');
    const file = await policyFile(dir.path, cloud, { cron: oneYear });
    await using redis = await startProcess({});
    await redis.kill();
    const port = await freePort();
    const service = spawnSnapkeep(['serve', '--config', file, '--redis', redis.url, '--port', String(port), '--host', '127.0.0.1'], { env });

    await service.waitForLine(event('redis.unavailable'), 20_000);
    expect(await statusOf(`http://127.0.0.1:${port}/livez`)).toBe(200);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ status: 'not ready', checks: { config: 'ok' } });
    expect(await statusOf(`http://127.0.0.1:${port}/metrics`)).toBe(200);

    await redis.restart();
    await untilStatus(`http://127.0.0.1:${port}/readyz`, 200);
    expect(events(service, 'redis.unavailable')).toBe(1);
    expect(events(service, 'redis.available')).toBe(1);
    service.kill('SIGTERM');
    expect(await service.waitForExit(10_000)).toEqual({ code: 0, signal: null });
  });

  test('without the cloud it is ready, and a due time that cannot be planned is told and counted', async () => {
    await using cloud = await startSimulator({ volumes: 1 });
    await using dir = await tempDir('serve');
    const file = await policyFile(dir.path, cloud, { endpoint: `http://127.0.0.1:${await freePort()}` });
    const port = await freePort();
    const service = spawnSnapkeep(['serve', '--config', file, '--redis', 'embedded', '--data-dir', path.join(dir.path, 'data'), '--port', String(port), '--host', '127.0.0.1'], { env });

    const { json } = await service.waitForLine(event('policy.start_failed'), 20_000);
    expect(json).toMatchObject({ policy: 'often', target: 'simulated', kind: 'transient', errorCode: 'refused' });
    await untilStatus(`http://127.0.0.1:${port}/readyz`, 200);
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).toMatch(/snapkeep_failures_total\{target="simulated",policy="often",kind="transient",status="none",code="refused"\} [1-9]/);
    expect(service.stderr()).toBe('');
    service.kill('SIGTERM');
    expect(await service.waitForExit(10_000)).toEqual({ code: 0, signal: null });
  });

  test('a Redis that would drop queued runs is refused with the cure', async () => {
    await using cloud = await startSimulator({ volumes: 1 });
    await using dir = await tempDir('serve');
    await using redis = await startProcess({ config: ['--maxmemory-policy', 'allkeys-lru', '--maxmemory', '100mb'] });
    const file = await policyFile(dir.path, cloud);
    const service = spawnSnapkeep(['serve', '--config', file, '--redis', redis.url, '--port', '0'], { env });

    expect(await service.waitForExit(20_000)).toEqual({ code: 1, signal: null });
    expect(service.stderr()).toContain('maxmemory-policy is allkeys-lru');
    expect(service.stderr()).toContain('set maxmemory-policy noeviction');
  });

  test('invalid policy files, a wrong flag and a port in use end it at once with the reason', async () => {
    await using cloud = await startSimulator({ volumes: 1 });
    await using dir = await tempDir('serve');
    const invalid = await policyFile(dir.path, cloud, { cron: '61 * * * *' });
    const broken = spawnSnapkeep(['serve', '--config', invalid, '--redis', 'embedded', '--data-dir', path.join(dir.path, 'data')], { env });
    expect(await broken.waitForExit()).toEqual({ code: 2, signal: null });
    expect(broken.stderr()).toContain('policies[0].schedule.cron: minute 61 does not exist');

    const valid = await policyFile(dir.path, cloud, { cron: oneYear });
    const drain = spawnSnapkeep(['serve', '--config', valid, '--drain', '25'], { env });
    expect(await drain.waitForExit()).toEqual({ code: 2, signal: null });
    expect(drain.stderr()).toBe('snapkeep: --drain is a duration such as 25s, not 25\n');

    const url = spawnSnapkeep(['serve', '--config', valid, '--redis', 'redis//nowhere'], { env });
    expect(await url.waitForExit()).toEqual({ code: 2, signal: null });
    expect(url.stderr()).toContain('redis://host:6379');

    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const taken = typeof address === 'object' && address !== null ? String(address.port) : '';
    const second = spawnSnapkeep(['serve', '--config', valid, '--redis', 'embedded', '--data-dir', path.join(dir.path, 'data'), '--port', taken, '--host', '127.0.0.1'], { env });
    expect(await second.waitForExit(20_000)).toEqual({ code: 1, signal: null });
    expect(second.stderr()).toContain(`127.0.0.1:${taken} is in use`);
    server.close();
  });

  test('the process that is started is the one that ends: nothing of it stays', async () => {
    await using cloud = await startSimulator({ volumes: 1 });
    await using dir = await tempDir('serve');
    const file = await policyFile(dir.path, cloud, { cron: oneYear });
    const service = spawnSnapkeep(['serve', '--config', file, '--redis', 'embedded', '--data-dir', path.join(dir.path, 'data'), '--port', '0'], { env });
    await service.waitForLine(event('service.started'), 20_000);

    service.kill('SIGTERM');
    await service.waitForExit(10_000);

    expect(isRunning(service.pid)).toBe(false);
  });
});
