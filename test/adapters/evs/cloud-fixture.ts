import { createCloud } from '#adapters/evs/create-cloud';
import { unlimited, type CallLimiter } from '#app/ports/call-limiter';
import type { CallDump, ObservedCall } from '#adapters/http-client/call-observer';
import { createHttpClient } from '#adapters/http-client/http-client';
import { createRedactor } from '#adapters/http-client/redactor';
import { createAuthenticator } from '#adapters/iam/create-authenticator';
import { createSecretSource } from '#adapters/iam/secret-source';
import type { Cloud } from '#app/ports/cloud';
import type { Clock } from '#app/ports/clock';
import { CloudFailure, type Failure } from '#domain/failure/failure';
import type { Target, TargetAuth } from '#domain/target';
import { durationMs, instant, type Instant } from '#domain/time';

export const PROJECT = '0970dd9c1a0026a62fddc0038c52b5eb';
export const NOW = instant(Date.UTC(2026, 10, 24, 2, 0, 0));
export const PASSWORD = 'canary-pass-7f3';
export const TOKEN = `canary-token-${'A1b2'.repeat(40)}`;

export interface ManualClock extends Clock {
  set(at: Instant): void;
  advance(ms: number): void;
}

export function manualClock(start: Instant = NOW): ManualClock {
  let now = start;
  return {
    now: () => now,
    sleepUntil: async (until) => {
      now = until > now ? until : now;
    },
    set: (at) => {
      now = at;
    },
    advance: (ms) => {
      now = instant(now + ms);
    },
  };
}

export interface Fixture {
  readonly cloud: Cloud;
  readonly clock: ManualClock;
  readonly calls: ObservedCall[];
  readonly dumps: CallDump[];
  readonly env: Record<string, string | undefined>;
}

export function passwordAuth(url: string): TargetAuth {
  return {
    type: 'password',
    identityEndpoint: `${url}/v3`,
    username: 'backup-bot',
    domain: 'acme',
    userDomain: null,
    projectDomain: null,
    projectName: null,
    password: { env: 'PASSWORD' },
    agency: null,
  };
}

export function createFixture(url: string, options: { target?: Partial<Target>; limiter?: CallLimiter; timeoutMs?: number; clock?: ManualClock; maxResponseBytes?: number; env?: Record<string, string> } = {}): Fixture {
  const target: Target = {
    name: 'eu-prod',
    api: 'evs-v3',
    endpoint: url,
    projectId: PROJECT,
    auth: passwordAuth(url),
    limits: { requestsPerSecond: null, concurrentCreates: 20, snapshotsPerVolume: 7 },
    caFile: null,
    timeout: durationMs(options.timeoutMs ?? 5_000),
    ...options.target,
  };
  const clock = options.clock ?? manualClock();
  const calls: ObservedCall[] = [];
  const dumps: CallDump[] = [];
  const env: Record<string, string | undefined> = { PASSWORD, ...options.env };
  const redactor = createRedactor();
  const http = createHttpClient({
    version: '0.1.0',
    timeout: target.timeout,
    caFile: target.caFile,
    ...(options.maxResponseBytes === undefined ? {} : { maxResponseBytes: options.maxResponseBytes }),
  });
  const context = { http, clock, redactor, observer: { onCall: (call: ObservedCall) => calls.push(call), onDump: (dump: CallDump) => dumps.push(dump) } };
  const secrets = createSecretSource({ env, onRead: (secret) => redactor.add(secret) });
  const auth = createAuthenticator(target, { context, secrets, random: () => 0.5 });
  const cloud = createCloud(target, { context, auth, limiter: options.limiter ?? unlimited });
  return { cloud, clock, calls, dumps, env };
}

export const LOGIN_PATH = '/v3/auth/tokens';

/** Keystone 22.0.2's answer to a login, recorded and shortened. */
export function loginReply(token = TOKEN, lifeMs = 86_400_000, now: Instant = NOW) {
  return {
    status: 201,
    headers: { 'x-subject-token': token, 'x-openstack-request-id': 'req-1f5e' },
    body: {
      token: {
        methods: ['password'],
        expires_at: new Date(now + lifeMs).toISOString().replace('Z', '000Z'),
        issued_at: new Date(now).toISOString().replace('Z', '000Z'),
        project: { id: PROJECT, name: 'backup' },
      },
    },
  };
}

/** The failure of a call that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CloudFailure) return error.failure;
    throw error;
  }
  throw new Error('the call did not fail');
}

export async function gather<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}
