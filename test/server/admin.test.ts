import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { adminTokenIn } from '../../src/bootstrap/admin-token.ts';
import { RateLimiter } from '../../src/server/api/rate-limiter.ts';
import type { RecordingActions } from '../fakes/recording-actions.ts';
import { tempDir } from '../support/temp-dir.ts';
import { scene, TOKEN } from './scene.ts';

const PAUSE = '/api/v1/policies/nightly/pause';

describe('the admin token', () => {
  test('without one configured every change is forbidden, whatever is shown', async () => {
    const { post, actions } = scene({ adminToken: null });
    for (const token of [null, TOKEN, '', 'null']) expect((await post(PAUSE, {}, token)).statusCode).toBe(403);
    expect((actions as RecordingActions).asked).toEqual([]);
  });

  test.each([null, '', 'wrong', TOKEN.slice(0, -1), `${TOKEN}x`, TOKEN.toUpperCase()])('%o is refused, and never repeated', async (token) => {
    const { post, actions } = scene();
    const answer = await post(PAUSE, {}, token);
    expect([answer.statusCode, answer.json().error.code]).toEqual([401, 'unauthorized']);
    expect(answer.body).not.toContain('canary');
    expect((actions as RecordingActions).asked).toEqual([]);
  });

  test('changes do not take Basic', async () => {
    const { server } = scene();
    const authorization = `Basic ${Buffer.from(`admin:${TOKEN}`).toString('base64')}`;
    expect((await server.inject({ method: 'POST', url: PAUSE, headers: { authorization } })).statusCode).toBe(401);
  });

  test('it comes before everything else: no policy, action or mistake shows without it', async () => {
    const { post } = scene({ actions: null });
    for (const url of [PAUSE, '/api/v1/policies/nobody/pause']) expect((await post(url, { mistake: 1 }, 'wrong')).statusCode).toBe(401);
  });

  test('after ten wrong ones an address has to wait, with the right one too; other addresses have not', async () => {
    const { server } = scene();
    const show = async (token: string, remoteAddress = '192.0.2.1') => server.inject({ method: 'POST', url: PAUSE, remoteAddress, headers: { authorization: `Bearer ${token}` } });
    for (let n = 0; n < 10; n += 1) expect((await show(`guess-${n}`)).statusCode).toBe(401);
    const blocked = await show(TOKEN);
    expect([blocked.statusCode, blocked.json().error.code]).toEqual([429, 'too_many_requests']);
    expect(Number(blocked.headers['retry-after'])).toBeGreaterThan(50);
    expect((await show(TOKEN, '192.0.2.2')).statusCode).toBe(200);
  });

  test('changes are limited', async () => {
    const { post } = scene();
    const codes: number[] = [];
    for (let n = 0; n < 61; n += 1) codes.push((await post(PAUSE)).statusCode);
    expect(codes.filter((code) => code === 200)).toHaveLength(60);
    expect(codes.at(-1)).toBe(429);
  });

  test('is read from its file each time it changes, without blanks around it', async () => {
    await using dir = await tempDir('token');
    const file = path.join(dir.path, 'token');
    const token = adminTokenIn(file);
    expect(await token()).toBeNull();
    await writeFile(file, ' first \n');
    expect(await token()).toBe('first');
    await writeFile(`${file}.new`, 'second\r\n');
    await rename(`${file}.new`, file);
    expect(await token()).toBe('second');
    await writeFile(file, '\n');
    expect(await token()).toBeNull();
    expect(await adminTokenIn(null)()).toBeNull();
  });
});

describe('RateLimiter', () => {
  test('so many in a window, for each address; a new window starts anew', () => {
    let now = 0;
    const limiter = new RateLimiter({ max: 2, windowMs: 1_000, now: () => now });
    const waits = (address: string): number | null => {
      const wait = limiter.waitSeconds(address);
      if (wait === null) limiter.count(address);
      return wait;
    };
    expect([waits('a'), waits('a'), waits('a'), waits('b')]).toEqual([null, null, 1, null]);
    now = 999;
    expect(waits('a')).toBe(1);
    now = 1_000;
    expect([waits('a'), waits('a'), waits('a')]).toEqual([null, null, 1]);
  });

  test('forgets rather than grows without bound', () => {
    const limiter = new RateLimiter({ max: 1, windowMs: 1_000, now: () => 0 });
    limiter.count('first');
    for (let n = 0; n < 10_000; n += 1) limiter.count(`a${n}`);
    expect(limiter.waitSeconds('first')).toBeNull();
  });
});

describe('headers', () => {
  test.each(['/', '/livez', '/metrics', '/api/v1/status', '/api/v1/nothing', '/page.js', '/queues'])('%s is closed to other origins', async (url) => {
    const { headers } = await scene().server.inject({ url, headers: { origin: 'https://evil.example' } });
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer', 'cross-origin-resource-policy': 'same-origin' });
    expect(String(headers['content-security-policy'])).toMatch(/^default-src 'none'/);
    expect(String(headers['content-security-policy'])).not.toMatch(/unsafe|\*|data:/);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test('a preflight of another origin gets nothing', async () => {
    const { statusCode, headers } = await scene().server.inject({ method: 'OPTIONS', url: PAUSE, headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' } });
    expect(statusCode).toBe(404);
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });
});
