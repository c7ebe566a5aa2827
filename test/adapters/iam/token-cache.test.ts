import { beforeEach, describe, expect, it } from 'vitest';
import { createTokenCache, type IssuedToken, type TokenCache } from '#adapters/iam/token-cache';
import { CloudFailure, type Failure } from '#domain/failure/failure';
import { addMs, type Instant } from '#domain/time';
import { failureOf, manualClock, NOW, type ManualClock } from '../evs/cloud-fixture.ts';

const MINUTE = 60_000;
const refusedLogin: Failure = { kind: 'auth', httpStatus: 401, code: 'IAM.0062', message: 'wrong', requestId: null, retryAfterMs: null, outcomeUnknown: false };
const downLogin: Failure = { ...refusedLogin, kind: 'transient', httpStatus: 503, code: 'HTTP_503' };

let clock: ManualClock;
let logins: number;
let renewed: (Instant | null)[];
let refused: Failure[];
let secret: string;
let answer: () => Promise<IssuedToken>;
let cache: TokenCache;

beforeEach(() => {
  clock = manualClock();
  logins = 0;
  renewed = [];
  refused = [];
  secret = 'one';
  answer = async () => ({ token: `t${logins}`, expiresAt: addMs(clock.now(), 1440 * MINUTE) });
  cache = createTokenCache({
    clock,
    random: () => 0.5,
    login: async (signal) => {
      signal.throwIfAborted();
      logins += 1;
      return answer();
    },
    fingerprint: async () => secret,
    onRenewed: ({ expiresAt }) => renewed.push(expiresAt),
    onRefused: (failure) => refused.push(failure),
  });
});

function failing(failure: Failure): () => Promise<IssuedToken> {
  return async () => {
    throw new CloudFailure(failure);
  };
}

/** Lets a background login end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe('one token for all', () => {
  it('logs in once for many at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 50 }, async () => cache.get()));
    expect(new Set(tokens.map(({ token }) => token))).toEqual(new Set(['t1']));
    expect(logins).toBe(1);
    expect(renewed).toEqual([addMs(NOW, 1440 * MINUTE)]);
  });

  it.each([
    ['a day: 30 to 60 minutes ahead', 1440 * MINUTE, 45 * MINUTE],
    ['an hour: a fifth of it', 60 * MINUTE, 12 * MINUTE],
    ['a minute: a fifth of it', MINUTE, 12_000],
  ])('renews a token of %s, without anybody waiting', async (_name, life, ahead) => {
    answer = async () => ({ token: `t${logins}`, expiresAt: addMs(clock.now(), life) });
    await cache.get();
    clock.set(addMs(NOW, life - ahead - 1));
    expect((await cache.get()).token).toBe('t1');
    expect(logins).toBe(1);
    clock.advance(1);
    expect((await cache.get()).token).toBe('t1');
    await settle();
    expect((await cache.get()).token).toBe('t2');
    expect(logins).toBe(2);
  });

  it('keeps a good token while renewing it fails, and asks ever more rarely', async () => {
    await cache.get();
    answer = failing(downLogin);
    clock.set(addMs(NOW, 1440 * MINUTE - 40 * MINUTE));
    for (let second = 0; second < 600; second += 1) {
      expect((await cache.get()).token).toBe('t1');
      await settle();
      clock.advance(1_000);
    }
    expect(logins).toBeLessThan(25);
    expect(logins).toBeGreaterThan(5);
  });

  it('waits for a new one in the last moments', async () => {
    await cache.get();
    clock.set(addMs(NOW, 1440 * MINUTE - 30_000));
    expect((await cache.get()).token).toBe('t2');
  });

  it('keeps a token without an end', async () => {
    answer = async () => ({ token: 'static', expiresAt: null });
    await cache.get();
    clock.advance(1e10);
    expect((await cache.get()).token).toBe('static');
    expect(logins).toBe(1);
  });

  it('a caller that gives up leaves the login to the others', async () => {
    let finish = (_token: IssuedToken): void => undefined;
    answer = () => new Promise((resolve) => (finish = resolve));
    const stop = new AbortController();
    const given = cache.get(stop.signal);
    const other = cache.get();
    await settle();
    stop.abort(new Error('enough'));
    await expect(given).rejects.toThrow('enough');
    finish({ token: 'late', expiresAt: null });
    expect((await other).token).toBe('late');
    await expect(cache.get(stop.signal)).rejects.toThrow('enough');
  });

  it('ends a login when closed', async () => {
    cache.close();
    expect(await failureOf(cache.get())).toMatchObject({ kind: 'transient', code: 'closed', outcomeUnknown: false });
  });
});

describe('refused tokens', () => {
  it('drops only the current token', async () => {
    await cache.get();
    cache.accepted('t1');
    expect(cache.invalidate('t1')).toBe(true);
    expect((await cache.get()).token).toBe('t2');
    expect(cache.invalidate('t1')).toBe(true);
    expect((await cache.get()).token).toBe('t2');
    expect(logins).toBe(2);
  });

  it('stops renewing where each new token is refused at once', async () => {
    let repeats = 0;
    for (let call = 0; call < 100; call += 1) {
      const got = await cache.get().catch(() => null);
      if (got !== null && cache.invalidate(got.token)) repeats += 1;
    }
    expect(logins).toBe(2);
    expect(repeats).toBe(1);
    expect(refused).toHaveLength(1);
    const failure = await failureOf(cache.get());
    expect(failure).toMatchObject({ kind: 'auth', httpStatus: 401 });
    clock.advance(failure.retryAfterMs ?? 0);
    await cache.get();
    cache.accepted('t3');
    expect(cache.invalidate('t3')).toBe(true);
    expect(cache.invalidate('none')).toBe(true);
  });
});

describe('failed logins', () => {
  it('tries a wrong password once, until it is another one', async () => {
    answer = failing(refusedLogin);
    for (let call = 0; call < 20; call += 1) {
      expect(await failureOf(cache.get())).toEqual(refusedLogin);
      clock.advance(3_600_000);
    }
    expect(logins).toBe(1);
    expect(refused).toEqual([refusedLogin]);
    secret = 'two';
    await failureOf(cache.get());
    expect(logins).toBe(2);
    secret = 'three';
    answer = async () => ({ token: 'good', expiresAt: null });
    expect((await cache.get()).token).toBe('good');
  });

  it('tries a wrong password again after a reset', async () => {
    answer = failing(refusedLogin);
    await failureOf(cache.get());
    cache.reset();
    await failureOf(cache.get());
    expect(logins).toBe(2);
  });

  it('backs off from an identity service that is down, and says for how long', async () => {
    answer = failing(downLogin);
    await failureOf(cache.get());
    const waiting = await failureOf(cache.get());
    expect(waiting).toMatchObject({ kind: 'transient', code: 'HTTP_503', retryAfterMs: 750 });
    expect(logins).toBe(1);
    clock.advance(750);
    await failureOf(cache.get());
    expect(logins).toBe(2);
    clock.advance(1_499);
    await failureOf(cache.get());
    expect(logins).toBe(2);
    clock.advance(1);
    answer = async () => ({ token: 'good', expiresAt: null });
    expect((await cache.get()).token).toBe('good');
  });

  it('waits as long as a throttled login was told', async () => {
    answer = failing({ ...downLogin, kind: 'throttled', httpStatus: 429, code: 'IAM.0012', retryAfterMs: 60_000 });
    await failureOf(cache.get());
    clock.advance(59_999);
    await failureOf(cache.get());
    expect(logins).toBe(1);
  });

  it('a failure of another kind passes as it is', async () => {
    answer = async () => {
      throw new Error('bug');
    };
    await expect(cache.get()).rejects.toThrow('bug');
  });
});
