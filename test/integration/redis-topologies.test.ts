import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { newRun } from '#domain/run';
import { firingIdOf, runIdIn } from '#domain/naming/run-id';
import { instant } from '#domain/time';
import { BullmqRunQueue } from '../../src/adapters/bullmq/bullmq-run-queue.ts';
import { BullmqWorker } from '../../src/adapters/bullmq/bullmq-worker.ts';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import { keyPrefix } from '../../src/adapters/redis/keys.ts';
import { RedisLedger } from '../../src/adapters/redis/redis-ledger.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { freePort } from '../support/free-port.ts';
import { findServer, startProcess } from '../support/redis-process.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const due = instant(Date.parse('2026-11-24T02:00:00Z'));
const RUNS = 25;
/** A connection that fell silent in a failover is opened anew after 15 s; A16 allows a minute. */
const WORK_IS_BACK = 60_000;

interface Work {
  /** Records and queues so many runs of a new firing, and waits until each has been taken once. */
  round(name: string): Promise<void>;
}

/** Ledger, queue and a worker on the address, as a service puts them together. */
async function expectWork(url: string, body: (parts: Work) => Promise<void>, options: { password?: string; ca?: string } = {}): Promise<void> {
  const address = parseRedisUrl(url, options.password ?? null);
  const ca = options.ca === undefined ? {} : { ca: options.ca };
  const [commands, blocking] = [connectRedis(address, 'commands', ca), connectRedis(address, 'queue', ca)];
  for (const client of [commands, blocking]) client.on('error', () => undefined);
  const prefix = keyPrefix('topology');
  const ledger = new RedisLedger(commands, 'topology', systemClock);
  const queue = new BullmqRunQueue(commands, prefix, systemClock, () => undefined);
  const taken: string[] = [];
  const worker = new BullmqWorker({
    redis: blocking,
    prefix,
    target: 'cloud',
    concurrency: 5,
    execute: async (runId) => {
      taken.push(runId);
      return { kind: 'done' };
    },
    onError: () => undefined,
    onInterrupted: () => undefined,
  });
  void worker.run().catch(() => undefined);
  try {
    await body({
      async round(name) {
        const firing = { id: firingIdOf('topology', name, due), policy: name, target: 'cloud', due, trigger: 'schedule', plannedAt: due } as const;
        const runs = Array.from({ length: RUNS }, (_, index) => newRun(runIdIn(firing.id, `${name}-${index}`), { id: `${name}-${index}`, name: null, named: false }));
        await again(async () => {
          await ledger.openFiring(firing);
          await ledger.addRuns(firing, runs);
          await queue.limitConcurrency('cloud', 5);
          await queue.enqueue('cloud', runs.map(({ id }) => ({ runId: id, at: due })));
          await ledger.closeFiring(firing);
        });
        const expected = new Set(runs.map(({ id }) => id));
        await waitFor(() => Promise.resolve(new Set(taken.filter((id) => expected.has(id))).size), (count) => count === RUNS, { what: 'all runs to be taken', timeoutMs: WORK_IS_BACK, intervalMs: 20 });
        const first = await ledger.run(runs[0]?.id ?? '');
        expect(first?.firing).toMatchObject({ policy: name, due });
        const saved = await ledger.endRun(firing, { ...(first?.run ?? newRun('', { id: '', name: null, named: false })), phase: 'ended', outcome: 'available' }, first?.revision ?? 0);
        expect(saved).toMatchObject({ finished: null });
      },
    });
  } finally {
    await worker.close(1_000);
    await queue.close();
    for (const client of [commands, blocking]) client.disconnect();
  }
}

/** As the loops of the service do: what failed while Redis was away is done again. */
async function again(work: () => Promise<void>): Promise<void> {
  const until = Date.now() + 15_000;
  for (;;) {
    try {
      await work();
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
    }
  }
}

describe.concurrent('Redis as operators run it', () => {
  test('an ACL user, with the password apart from the URL', async () => {
    await using redis = await startProcess({});
    const admin = new Redis(redis.port);
    await admin.acl('SETUSER', 'snapkeep', 'on', '>a secret', '~{snapkeep:*', '&*', '+@all', '-@dangerous', '+info', '+keys');
    admin.disconnect();

    await expectWork(`redis://snapkeep@127.0.0.1:${redis.port}`, ({ round }) => round('acl'), { password: 'a secret' });
  });

  test('TLS with an authority of its own', async () => {
    await using dir = await tempDir('tls');
    const at = (name: string): string => path.join(dir.path, name);
    const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', at('key.pem'), '-out', at('cert.pem'), '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
    const port = await freePort();
    await using _redis = await startProcess({
      config: ['--tls-port', String(port), '--tls-cert-file', at('cert.pem'), '--tls-key-file', at('key.pem'), '--tls-ca-cert-file', at('cert.pem'), '--tls-auth-clients', 'no'],
    });

    await expectWork(`rediss://127.0.0.1:${port}`, ({ round }) => round('tls'), { ca: await readFile(at('cert.pem'), 'utf8') });
  });

  test('a Cluster of three masters: all keys in one slot', async () => {
    const config = ['--cluster-enabled', 'yes'];
    await using a = await startProcess({ config });
    await using b = await startProcess({ config });
    await using c = await startProcess({ config });
    const nodes = [a, b, c].map(({ port }) => `127.0.0.1:${port}`);
    execFileSync('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-yes'], { stdio: 'ignore' });
    const probe = new Redis(a.port);
    await waitFor(() => probe.cluster('INFO'), (info) => info.includes('cluster_state:ok'), { what: 'the cluster to form', timeoutMs: 15_000, intervalMs: 50 });
    probe.disconnect();

    await expectWork(`redis+cluster://${nodes.join(',')}`, ({ round }) => round('cluster'));
  });

  test('Sentinel: work goes on after the master is lost (A16)', async () => {
    await using master = await startProcess({});
    await using replica = await startProcess({ config: ['--replicaof', '127.0.0.1', String(master.port)] });
    await using dir = await tempDir('sentinel');
    const ports = [await freePort(), await freePort(), await freePort()];
    const sentinels = await Promise.all(
      ports.map(async (port) => {
        const file = path.join(dir.path, `${port}.conf`);
        await writeFile(file, `port ${port}\ndir ${dir.path}\nsentinel monitor main 127.0.0.1 ${master.port} 2\nsentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n`);
        return spawn(findServer() ?? 'redis-server', [file, '--sentinel'], { stdio: 'ignore' });
      }),
    );
    try {
      const probe = new Redis(ports[0] ?? 0);
      probe.on('error', () => undefined);
      await waitFor(() => probe.call('SENTINEL', 'CKQUORUM', 'main').catch(String), (answer) => String(answer).startsWith('OK 3'), { what: 'the sentinels to agree', timeoutMs: 15_000, intervalMs: 100 });
      await waitFor(() => probe.call('SENTINEL', 'REPLICAS', 'main').catch(() => []), (found) => Array.isArray(found) && found.length === 1, { what: 'the replica to be known', timeoutMs: 15_000, intervalMs: 100 });
      probe.disconnect();

      await expectWork(`redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/main`, async ({ round }) => {
        await round('before');
        await master.kill();
        await round('after');
      });
      const promoted = new Redis(replica.port);
      expect(await promoted.role()).toContain('master');
      promoted.disconnect();
    } finally {
      for (const sentinel of sentinels) {
        sentinel.kill('SIGKILL');
        await once(sentinel, 'exit');
      }
    }
  }, 120_000);
});

test('a restart of the server is noticed: the process of the store has another name', async () => {
  await using redis = await startProcess({ appendOnly: true });
  const client = connectRedis(parseRedisUrl(redis.url), 'commands');
  client.on('error', () => undefined);
  const ledger = new RedisLedger(client, 'restart', systemClock);
  const before = await ledger.storeId();

  await redis.restart();
  const after = await waitFor(() => ledger.storeId().catch(() => before), (id) => id !== before, { what: 'another name', timeoutMs: 10_000, intervalMs: 20 });
  client.disconnect();

  expect(after).toMatch(/^[0-9a-f]{40}$/);
});
