import { describe, expect, test, vi } from 'vitest';
import { existsSync } from 'node:fs';
import { dockerAnswers } from './docker.ts';
import { withConnection } from './redis-ready.ts';
import { startRedis } from './redis.ts';
import { tempDir } from './temp-dir.ts';

// A way that this machine lacks is not skipped in silence: with an engine there are two rows here, without one there is one.
const ways = (await dockerAnswers()) ? ['process', 'container'] : ['process'];

describe.each(ways)('Redis by %s', (way) => {
  test('answers on its port until it is stopped', async () => {
    vi.stubEnv('SNAPKEEP_TEST_REDIS', way);
    const redis = await startRedis();
    expect(await withConnection(redis.url, (connection) => connection.ping())).toBe('PONG');
    expect(new URL(redis.url).port).toBe(String(redis.port));
    await redis.stop();
    await redis.stop();
    await expect(withConnection(redis.url, (connection) => connection.ping())).rejects.toThrow();
  });

  test('two at once are two servers', async () => {
    vi.stubEnv('SNAPKEEP_TEST_REDIS', way);
    await using one = await startRedis();
    await using other = await startRedis();
    await withConnection(one.url, (connection) => connection.set('key', 'one'));
    expect(await withConnection(other.url, (connection) => connection.get('key'))).toBeNull();
  });

  test('wants its password and takes more settings', async () => {
    vi.stubEnv('SNAPKEEP_TEST_REDIS', way);
    await using redis = await startRedis({ requirePass: 's3cret/word', config: ['--maxmemory', '10mb'] });
    const open = new URL(redis.url);
    open.password = '';
    await expect(withConnection(open.href, (connection) => connection.ping())).rejects.toThrow();
    expect(await withConnection(redis.url, (connection) => connection.config('GET', 'maxmemory'))).toEqual(['maxmemory', '10485760']);
  });

  test('keeps its data over a kill with an append-only file, and its address', async () => {
    vi.stubEnv('SNAPKEEP_TEST_REDIS', way);
    await using redis = await startRedis({ appendOnly: true });
    const before = redis.url;
    await withConnection(redis.url, (connection) => connection.set('key', 'kept'));
    await redis.kill('SIGKILL');
    expect(redis.pid).toBeNull();
    await expect(withConnection(redis.url, (connection) => connection.ping())).rejects.toThrow();
    await redis.restart();
    expect(redis.url).toBe(before);
    expect(await withConnection(redis.url, (connection) => connection.get('key'))).toBe('kept');
  });

  test('loses its data over a restart without one', async () => {
    vi.stubEnv('SNAPKEEP_TEST_REDIS', way);
    await using redis = await startRedis();
    await withConnection(redis.url, (connection) => connection.set('key', 'lost'));
    await redis.restart();
    expect(await withConnection(redis.url, (connection) => connection.get('key'))).toBeNull();
  });

  test('can be stopped while it hangs', async () => {
    vi.stubEnv('SNAPKEEP_TEST_REDIS', way);
    const redis = await startRedis();
    await redis.kill('SIGSTOP');
    await redis.stop();
    await expect(withConnection(redis.url, (connection) => connection.ping())).rejects.toThrow();
  });
});

describe('a process', () => {
  test('keeps its files in the directory it is given and leaves them', async () => {
    vi.stubEnv('SNAPKEEP_TEST_REDIS', 'process');
    await using dir = await tempDir();
    const redis = await startRedis({ appendOnly: true, dir: dir.path });
    expect(redis.pid).toBeGreaterThan(0);
    await redis.stop();
    expect(existsSync(`${dir.path}/appendonlydir`)).toBe(true);
  });

  test('fails clearly where no server can be had', async () => {
    vi.stubEnv('SNAPKEEP_TEST_REDIS', 'process');
    vi.stubEnv('PATH', '/nonexistent');
    await expect(startRedis()).rejects.toThrow(/no Redis for the tests.*scripts\/bootstrap/);
  });

  test('says what the server printed when it refuses its settings', async () => {
    vi.stubEnv('SNAPKEEP_TEST_REDIS', 'process');
    await expect(startRedis({ config: ['--no-such-setting', '1'] })).rejects.toThrow(/ended at once[^]*no-such-setting/);
  });
});

describe('a given server', () => {
  test('lends an empty database, leaves the others alone and empties it at the end', async () => {
    vi.stubEnv('SNAPKEEP_TEST_REDIS', 'process');
    await using own = await startRedis();
    await withConnection(`${own.url}/0`, (connection) => connection.set('precious', 'yes'));

    vi.stubEnv('SNAPKEEP_TEST_REDIS', own.url);
    const one = await startRedis();
    const other = await startRedis();
    expect(one.url).not.toBe(other.url);
    await withConnection(one.url, (connection) => connection.set('key', 'ours'));
    await expect(one.kill()).rejects.toThrow(/not ours/);
    await one.stop();
    await other.stop();
    expect(await withConnection(one.url, (connection) => connection.dbsize())).toBe(0);
    expect(await withConnection(`${own.url}/0`, (connection) => connection.get('precious'))).toBe('yes');
  });

  test('refuses options it cannot honour', async () => {
    vi.stubEnv('SNAPKEEP_TEST_REDIS', 'redis://127.0.0.1:1');
    await expect(startRedis({ appendOnly: true })).rejects.toThrow(/sets options/);
  });
});

test('an unknown wish is refused', async () => {
  vi.stubEnv('SNAPKEEP_TEST_REDIS', 'proces');
  await expect(startRedis()).rejects.toThrow(/may be container, process or/);
});
