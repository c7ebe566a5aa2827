import type { SimulatorClock } from './state/clock.ts';
import type { Operation } from './operation.ts';
import type { FaultRule } from './faults/fault-rule.ts';

/** Whose answers are imitated: Huawei Cloud's EVS with IAM, or OpenStack's Cinder with Keystone. */
export type Flavour = 'evs' | 'cinder';

/** A duration drawn evenly between two bounds, both included. */
export interface DelayRange {
  readonly minMs: number;
  readonly maxMs: number;
}

export interface VolumeSpec {
  /** UUID; made from the seed when absent. */
  readonly id?: string;
  readonly name?: string;
  /** Default `available`. */
  readonly status?: string;
  /** GiB; default 10. */
  readonly size?: number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Seen only through the native EVS listing, never through Cinder's (EVS API reference, disk list). */
  readonly tags?: Readonly<Record<string, string>>;
  readonly availabilityZone?: string;
  readonly volumeType?: string;
  readonly description?: string;
  /** Epoch milliseconds. */
  readonly createdAt?: number;
}

/** A snapshot that is simply there: made earlier, or by somebody else. */
export interface SnapshotSpec {
  readonly id?: string;
  /** Id or name of the volume. */
  readonly volume: string;
  readonly name?: string | null;
  readonly description?: string | null;
  /** Default `available`. */
  readonly status?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Epoch milliseconds; default now. */
  readonly createdAt?: number;
  /** Made by a server backup: reserved name prefix and `__system__enableActive` (EVS API reference, oddities). */
  readonly autoMade?: boolean;
}

export interface AccessKey {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Present on temporary keys, which must then send it as `X-Security-Token`. */
  readonly securityToken?: string;
}

/** Another account's trust, for the `assume_role` method of IAM. */
export interface Agency {
  readonly domain: string;
  readonly name: string;
}

export interface RateLimit {
  readonly requests: number;
  readonly perMs: number;
  /** How a refusal tells when to come back; default `none` on EVS, `seconds` on Cinder. */
  readonly retryAfter?: 'seconds' | 'date' | 'none';
  /** HTTP methods that count; default all on EVS, POST on Cinder. */
  readonly methods?: readonly string[];
}

/** What may be changed while the simulator runs. */
export interface SimulatorSettings {
  /** User snapshots of one volume, failed ones included; null is no limit. */
  snapshotsPerVolume: number | null;
  projectSnapshotQuota: number | null;
  /** GiB of volumes and snapshots together. */
  projectGigabytesQuota: number | null;
  /** Time spent `creating`. */
  creation: DelayRange;
  /** Time spent `deleting`. */
  deletion: DelayRange;
  /** For so long after the 202 a snapshot is in no answer. */
  visibilityDelayMs: number;
  /** Real waiting before each answer, by operation; `'*'` for all others. */
  latencyMs: Partial<Record<Operation | '*', number>>;
  rateLimit: RateLimit | null;
  /** The region takes no new snapshots of this kind (EVS API reference, API families). */
  legacyCreationDisabled: boolean;
}

export interface SimulatorOptions extends Partial<Readonly<SimulatorSettings>> {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly flavour?: Flavour;
  /** A number makes `vol-0001` and on. */
  readonly volumes?: number | readonly VolumeSpec[];
  /** 32 hexadecimal digits. */
  readonly projectId?: string;
  readonly user?: string;
  readonly password?: string;
  readonly domain?: string;
  readonly projectName?: string;
  readonly accessKeys?: readonly AccessKey[];
  readonly agencies?: readonly Agency[];
  readonly tokenLifeMs?: number;
  /** Tokens are padded to this length. */
  readonly tokenBytes?: number;
  /** How long Cinder trusts a token it has seen without asking Keystone again. */
  readonly tokenCacheMs?: number;
  readonly lockout?: { readonly failures: number; readonly lockMs: number };
  readonly seed?: number;
  readonly clock?: SimulatorClock;
  readonly faults?: readonly FaultRule[];
  readonly ledger?: { readonly maxRequests?: number; readonly maxEffects?: number };
}

/** Everything that stays fixed while the simulator runs, with the defaults filled in. */
export interface SimulatorIdentity {
  readonly flavour: Flavour;
  readonly projectId: string;
  readonly projectName: string;
  readonly user: string;
  readonly userId: string;
  readonly password: string;
  readonly domain: string;
  readonly domainId: string;
  readonly accessKeys: readonly AccessKey[];
  readonly agencies: readonly Agency[];
  readonly tokenLifeMs: number;
  readonly tokenBytes: number;
  readonly tokenCacheMs: number;
  readonly lockout: { readonly failures: number; readonly lockMs: number };
}

const dayMs = 24 * 3600 * 1000;

export function settingsFrom(options: SimulatorOptions): SimulatorSettings {
  const flavour = options.flavour ?? 'evs';
  return {
    // Legacy snapshots: 7 a disk (EVS user guide, limits); Cinder has no such cap.
    snapshotsPerVolume: options.snapshotsPerVolume === undefined ? (flavour === 'evs' ? 7 : null) : options.snapshotsPerVolume,
    projectSnapshotQuota: options.projectSnapshotQuota ?? null,
    projectGigabytesQuota: options.projectGigabytesQuota ?? null,
    creation: options.creation ?? { minMs: 1000, maxMs: 3000 },
    deletion: options.deletion ?? { minMs: 500, maxMs: 1500 },
    visibilityDelayMs: options.visibilityDelayMs ?? 0,
    latencyMs: options.latencyMs ?? {},
    rateLimit: options.rateLimit ?? null,
    legacyCreationDisabled: options.legacyCreationDisabled ?? false,
  };
}

export function identityFrom(options: SimulatorOptions): SimulatorIdentity {
  const flavour = options.flavour ?? 'evs';
  const projectId = options.projectId ?? '0970dd9c1a0026a62fddc0038c52b5eb';
  if (!/^[0-9a-f]{32}$/.test(projectId)) throw new RangeError(`projectId must be 32 hexadecimal digits: ${projectId}`);
  return {
    flavour,
    projectId,
    projectName: options.projectName ?? (flavour === 'evs' ? 'eu-west-101' : 'backup'),
    user: options.user ?? 'backup-bot',
    userId: 'e09d31c5a2d54f0f8a1f6b0d3c7e5a42',
    password: options.password ?? 'simulator',
    domain: options.domain ?? 'demo',
    domainId: flavour === 'evs' ? 'd78cbac186b744899480f25bd022f468' : 'default',
    accessKeys: options.accessKeys ?? [
      { accessKey: 'SIMULATORACCESSKEY01', secretKey: 'SimulatorSecretKey0000000000000000000001' },
    ],
    agencies: options.agencies ?? [],
    tokenLifeMs: options.tokenLifeMs ?? dayMs,
    // 183 characters were seen on Keystone 22; IAM's run to 8-10 KB, which is left to the option.
    tokenBytes: options.tokenBytes ?? (flavour === 'evs' ? 1024 : 183),
    tokenCacheMs: options.tokenCacheMs ?? (flavour === 'evs' ? 0 : 300_000),
    // The example values of IAM's login policy: 3 failures, 15 minutes. Keystone locks nobody out by default.
    lockout: options.lockout ?? { failures: flavour === 'evs' ? 3 : Number.POSITIVE_INFINITY, lockMs: 15 * 60 * 1000 },
  };
}
