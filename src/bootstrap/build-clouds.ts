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
}

/** The clouds of all targets, each made when first asked for and kept. */
export class BuiltClouds implements Clouds {
  readonly #deps: CloudsDeps;
  readonly #clouds = new Map<string, Cloud>();
  readonly #tokenExpiry = new Map<string, number>();

  constructor(deps: CloudsDeps) {
    this.#deps = deps;
  }

  of(name: string): Cloud {
    const known = this.#clouds.get(name);
    if (known !== undefined) return known;
    const target = this.#deps.policies.target(name);
    if (target === null) throw new Error(`no target is called ${name}`);
    const cloud = this.#build(target);
    this.#clouds.set(name, cloud);
    return cloud;
  }

  /** When the token of each target expires that this process holds one for, seconds since the epoch. */
  tokens(): readonly { target: string; expiresAtSeconds: number }[] {
    return [...this.#tokenExpiry].map(([target, at]) => ({ target, expiresAtSeconds: at / 1000 }));
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#clouds.values()].map((cloud) => cloud.close()));
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
    const observer = {
      onCall: ({ operation, status, code, durationMs, requestId }: { operation: string; status: number | null; code: string | null; durationMs: number; requestId: string | null }) =>
        telemetry.emit('api.called', { target: target.name, operation, httpStatus: status, errorCode: code, durationMs, requestId }),
    };
    const context = { http, clock, redactor, observer };
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
