import { createCloud } from '../adapters/evs/create-cloud.ts';
import { LocalCallLimiter } from '../adapters/evs/local-call-limiter.ts';
import { createHttpClient } from '../adapters/http-client/http-client.ts';
import { createRedactor } from '../adapters/http-client/redactor.ts';
import { createAuthenticator } from '../adapters/iam/create-authenticator.ts';
import { createSecretSource } from '../adapters/iam/secret-source.ts';
import type { RedisClient } from '../adapters/redis/connect.ts';
import { keysOf } from '../adapters/redis/keys.ts';
import { RedisCallLimiter } from '../adapters/redis/redis-call-limiter.ts';
import type { Clock } from '#app/ports/clock';
import type { Cloud } from '#app/ports/cloud';
import type { Clouds } from '#app/ports/clouds';
import type { Policies } from '#app/ports/policies';
import type { Telemetry } from '#app/ports/telemetry';
import type { Target } from '#domain/target';
import { MINUTE, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { callTelemetry } from './call-telemetry.ts';

/** Connections beside those of the create calls: for looking, watching and pruning. */
const SPARE_CONNECTIONS = 8;

export interface CloudsDeps {
  readonly policies: Policies;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly random: () => number;
  readonly version: string;
  /** Where the replicas share the pace of each target; null where this process is to keep it alone. */
  readonly redis: RedisClient | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Tell every request and answer, without secrets: costs a copy of each. Default false. */
  readonly dumpsCalls?: boolean;
}

/** Whoever holds the cloud of a target that has changed may go on with it for so long: a listing of many pages. */
const REPLACED_OPEN: DurationMs = (5 * MINUTE) as DurationMs;

/**
 * The clouds of all targets, each made when first asked for and kept as long as its target stays as it is. That of a target
 * no longer named stays too: runs that were under way are finished on it.
 */
export class BuiltClouds implements Clouds {
  readonly #deps: CloudsDeps;
  readonly #clouds = new Map<string, { readonly target: Target; readonly cloud: Cloud }>();
  readonly #replaced = new Set<Cloud>();
  readonly #closing = new AbortController();
  readonly #tokenExpiry = new Map<string, number>();

  constructor(deps: CloudsDeps) {
    this.#deps = deps;
  }

  of(name: string): Cloud {
    const known = this.#clouds.get(name);
    const target = this.#deps.policies.target(name) ?? known?.target;
    if (target === undefined) throw new Error(`no target is called ${name}`);
    if (known?.target === target) return known.cloud;
    const isSame = known !== undefined && JSON.stringify(known.target) === JSON.stringify(target);
    const cloud = isSame ? known.cloud : this.#build(target);
    this.#clouds.set(name, { target, cloud });
    if (known === undefined || isSame) return cloud;
    this.#tokenExpiry.delete(name);
    void this.#retire(known.cloud);
    return cloud;
  }

  /** When the token of each target expires that this process holds one for, seconds since the epoch. */
  tokens(): readonly { target: string; expiresAtSeconds: number }[] {
    const named = [...this.#tokenExpiry].filter(([target]) => this.#deps.policies.target(target) !== null);
    return named.map(([target, at]) => ({ target, expiresAtSeconds: at / 1000 }));
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'));
    const clouds = [...[...this.#clouds.values()].map(({ cloud }) => cloud), ...this.#replaced];
    await Promise.allSettled(clouds.map((cloud) => cloud.close()));
  }

  async #retire(cloud: Cloud): Promise<void> {
    const { clock } = this.#deps;
    this.#replaced.add(cloud);
    await clock.sleepUntil(addMs(clock.now(), REPLACED_OPEN), this.#closing.signal);
    this.#replaced.delete(cloud);
    await cloud.close().catch(() => undefined);
  }

  #build(target: Target): Cloud {
    const { clock, telemetry, random, version, env } = this.#deps;
    const redactor = createRedactor();
    const http = createHttpClient({
      version,
      timeout: target.timeout,
      caFile: target.caFile,
      connections: target.limits.concurrentCreates + SPARE_CONNECTIONS,
    });
    const context = { http, clock, redactor, observer: callTelemetry(telemetry, target.name, this.#deps.dumpsCalls ?? false) };
    const secrets = createSecretSource({ env, onRead: (secret) => redactor.add(secret) });
    const auth = createAuthenticator(target, {
      context,
      secrets,
      random,
      hooks: {
        onRenewed: ({ expiresAt }) => {
          if (expiresAt !== null) this.#tokenExpiry.set(target.name, expiresAt);
          telemetry.emit('auth.renewed', { target: target.name, expiresAt });
        },
        onRefused: ({ httpStatus, code, message, requestId }) =>
          telemetry.emit('auth.failed', { target: target.name, httpStatus, errorCode: code, errorMessage: message, requestId }),
      },
    });
    const { redis } = this.#deps;
    const pace = { requestsPerSecond: target.limits.requestsPerSecond, onThrottled: (delayMs: number) => telemetry.emit('target.throttled', { target: target.name, delayMs }) };
    const limiter = redis === null ? new LocalCallLimiter(pace) : new RedisCallLimiter({ redis, key: keysOf(this.#deps.policies.current().instance).pace(target.name), ...pace });
    return createCloud(target, { context, auth, limiter });
  }
}
