import type { AddressInfo } from 'node:net';
import { FaultBook, type FaultStatus } from './faults/fault-book.ts';
import type { FaultRule } from './faults/fault-rule.ts';
import { RateLimiter } from './http/rate-limiter.ts';
import { cloudServer } from './http/server.ts';
import { IdentityService } from './identity/identity-service.ts';
import { SignatureCheck } from './identity/signature-check.ts';
import { TokenStore } from './identity/token-store.ts';
import {
  identityFrom,
  settingsFrom,
  type AccessKey,
  type Flavour,
  type SimulatorOptions,
  type SimulatorSettings,
  type SnapshotSpec,
  type VolumeSpec,
} from './options.ts';
import { systemClock } from './state/clock.ts';
import { Cloud } from './state/cloud.ts';
import { Ledger } from './state/ledger.ts';
import { seededRandom } from './state/random.ts';
import { viewOfSnapshot, type SnapshotView } from './state/snapshot.ts';
import { viewOfVolume, type VolumeView } from './state/volume.ts';

export type { FaultEffect, FaultKind, FaultRule } from './faults/fault-rule.ts';
export type { FaultStatus } from './faults/fault-book.ts';
export { faultCodes } from './faults/fault-presets.ts';
export type {
  AccessKey,
  Agency,
  DelayRange,
  Flavour,
  RateLimit,
  SimulatorOptions,
  SimulatorSettings,
  SnapshotSpec,
  VolumeSpec,
} from './options.ts';
export type { Operation } from './operation.ts';
export type { SimulatorClock } from './state/clock.ts';
export type { EffectFilter, Ledger, LedgerEffect, LedgerRequest, RequestFilter } from './state/ledger.ts';
export type { SnapshotView } from './state/snapshot.ts';
export type { VolumeView } from './state/volume.ts';

export interface SimulatorCredentials {
  readonly user: string;
  readonly password: string;
  readonly domain: string;
  readonly projectName: string;
  readonly accessKeys: readonly AccessKey[];
}

/** A running simulated cloud. */
export interface Simulator extends AsyncDisposable {
  readonly flavour: Flavour;
  /** `http://host:port` */
  readonly url: string;
  /** Tokens are at `{identityEndpoint}/auth/tokens`. */
  readonly identityEndpoint: string;
  /** `/v3/{project}/…` is appended to this. */
  readonly evsEndpoint: string;
  readonly projectId: string;
  readonly credentials: SimulatorCredentials;
  readonly ledger: Ledger;
  readonly faults: {
    add(rule: FaultRule): void;
    /** How many rules of that id went. */
    remove(id: string): number;
    clear(): void;
    list(): FaultStatus[];
  };
  /** Oldest first. */
  volumes(): VolumeView[];
  /** Newest first, also those not yet visible to clients. */
  snapshots(filter?: { readonly volumeId?: string }): SnapshotView[];
  addVolume(spec: VolumeSpec): VolumeView;
  /** With all its snapshots, at once; whether it was there. By id or name, as all of these. */
  removeVolume(idOrName: string): boolean;
  setVolumeStatus(idOrName: string, status: string): void;
  setSnapshotStatus(id: string, status: string): void;
  putSnapshot(spec: SnapshotSpec): SnapshotView;
  settings(): Readonly<SimulatorSettings>;
  changeSettings(changes: Partial<SimulatorSettings>): void;
  /** From now on the user logs in with this one; tokens given out so far stay good. */
  changePassword(password: string): void;
  /** Every token given out so far is past its time. */
  expireTokens(): void;
  /** Ends at once, open connections and waiting answers included. */
  close(): Promise<void>;
}

/** Starts a simulated cloud on a port of its own. Rejects when it cannot listen. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const identity = identityFrom(options);
  const clock = options.clock ?? systemClock;
  const seed = options.seed ?? 1;
  const ledger = new Ledger(options.ledger);
  const cloud = new Cloud({ identity, settings: settingsFrom(options), clock, random: seededRandom(seed), ledger });
  // Each part draws from a stream of its own, so that ids do not depend on how many requests or faults there were.
  const faults = new FaultBook(seededRandom(seed + 1));
  const tokens = new TokenStore(identity, clock, seededRandom(seed + 2));
  const signatures = new SignatureCheck(clock, identity.accessKeys);
  for (const rule of options.faults ?? []) faults.add(rule);
  for (const spec of volumeSpecs(options.volumes ?? 10, clock.now())) cloud.addVolume(spec);

  const closing = new AbortController();
  const server = cloudServer({
    cloud,
    faults,
    tokens,
    signatures,
    identity: new IdentityService(cloud, tokens, signatures),
    limiter: new RateLimiter(),
    random: seededRandom(seed + 3),
    closing: closing.signal,
  });
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port ?? 0, host }, resolve);
  });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${portOf(server.address())}`;

  async function close(): Promise<void> {
    closing.abort();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  return {
    flavour: identity.flavour,
    url,
    identityEndpoint: `${url}/v3`,
    evsEndpoint: url,
    projectId: identity.projectId,
    credentials: {
      user: identity.user,
      password: identity.password,
      domain: identity.domain,
      projectName: identity.projectName,
      accessKeys: identity.accessKeys,
    },
    ledger,
    faults,
    volumes: () => [...cloud.volumeOrder.oldestFirst()].map((volume) => viewOfVolume(volume, cloud.now())),
    snapshots: (filter = {}) => {
      const nowMs = cloud.now();
      const index = filter.volumeId === undefined ? cloud.snapshotOrder : cloud.snapshotsOf(filter.volumeId);
      return [...index.newestFirst()].map((snapshot) => viewOfSnapshot(snapshot, nowMs));
    },
    addVolume: (spec) => viewOfVolume(cloud.addVolume(spec), cloud.now()),
    removeVolume: (idOrName) => cloud.removeVolume(idOrName),
    setVolumeStatus: (idOrName, status) => cloud.setVolumeStatus(idOrName, status),
    setSnapshotStatus: (id, status) => cloud.setSnapshotStatus(id, status),
    putSnapshot: (spec) => viewOfSnapshot(cloud.putSnapshot(spec), cloud.now()),
    settings: () => ({ ...cloud.settings }),
    changeSettings: (changes) => void Object.assign(cloud.settings, changes),
    changePassword: (password) => void Object.assign(identity, { password }),
    expireTokens: () => tokens.expireAll(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** `vol-0001` is the oldest; one second between each, the last one made a minute ago. */
function volumeSpecs(volumes: number | readonly VolumeSpec[], nowMs: number): readonly VolumeSpec[] {
  if (typeof volumes !== 'number') return volumes;
  const lastAtMs = Math.floor(nowMs / 1000) * 1000 - 60_000;
  return Array.from({ length: volumes }, (_, at) => ({
    name: `vol-${String(at + 1).padStart(4, '0')}`,
    createdAt: lastAtMs - (volumes - 1 - at) * 1000,
  }));
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the simulator is not listening on a port');
  return address.port;
}
