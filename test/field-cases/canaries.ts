import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { textsIn } from '../support/redis-texts.ts';

/** By the environment variable that holds each. */
export const SECRETS = {
  PASSWORD: 'canary-passw0rd/7f3+x',
  WRONG_PASSWORD: 'canary-wrong-pw-55aa',
  ACCESS_KEY: 'CANARYAK0000000000AB',
  SECRET_KEY: 'canarySK000000000000000000000000000000CD',
  STS_TOKEN: `canary-sts-${'Zz9'.repeat(50)}`,
  TOKEN: `gAAAAcanary${'A1b2-_'.repeat(20)}`,
} as const;
export const REDIS_PASSWORD = 'canary-redis-pw-9c1';
export const INLINE = 'canary-inline-secret-42';
export const ADMIN_TOKEN = 'canary-admin-token-8e2f';

/** Of receivers of notifications: the password in a URL, a path that is one, and what messages are signed with. */
export const HOOK_PASSWORD = 'canary-hook-pw-31d';
export const HOOK_PATH = 'canary-hook-path-T0B1';
export const HMAC_SECRET = 'canary-hmac-secret-77e0';
/** In a header for the collector of traces. */
export const COLLECTOR_TOKEN = 'canary-collector-token-5f';

/** Every spelling of each, and the better half of it. */
const needles = [...Object.values(SECRETS), REDIS_PASSWORD, INLINE, ADMIN_TOKEN, HOOK_PASSWORD, HOOK_PATH, HMAC_SECRET, COLLECTOR_TOKEN].flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  secret.slice(0, Math.ceil(secret.length * 0.7)),
]);

export function expectNoSecret(where: string, said: string): void {
  expect(needles.filter((needle) => said.includes(needle)).map((needle) => `${where} says ${needle}`)).toEqual([]);
}

/** All keys with all they hold, those of BullMQ included. */
export async function everythingIn(url: string): Promise<string> {
  const redis = new Redis(url, { lazyConnect: true });
  await redis.connect();
  try {
    return await textsIn(redis, '*');
  } finally {
    redis.disconnect();
  }
}
