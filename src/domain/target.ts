import type { DurationMs } from './time.ts';

/** Which API family a target speaks: Huawei Cloud EVS behind its gateway, or a plain OpenStack Cinder v3. */
export type TargetApi = 'evs-v3' | 'cinder-v3';

/** Where a secret is to be read from. A secret's value never stands in a policy file. */
export type SecretRef = { readonly file: string } | { readonly env: string };

/** Keystone's way to log in; Huawei Cloud's IAM speaks it too. Names are unique only within their domain. */
export interface PasswordAuth {
  readonly type: 'password';
  readonly identityEndpoint: string;
  readonly username: string;
  /** The account on Huawei Cloud; on Keystone the domain of user and project, unless one of the two below differs. */
  readonly domain: string | null;
  readonly userDomain: string | null;
  readonly projectDomain: string | null;
  /** Scope by project name instead of `projectId`. */
  readonly projectName: string | null;
  readonly password: SecretRef;
  /** Cross-account: after logging in, take this agency's role in another account. */
  readonly agency: { readonly domain: string; readonly name: string } | null;
}

export interface AccessKeyAuth {
  readonly type: 'aksk';
  readonly accessKey: SecretRef;
  readonly secretKey: SecretRef;
  readonly securityToken: SecretRef | null;
}

export interface TokenAuth {
  readonly type: 'token';
  readonly token: SecretRef;
}

export type TargetAuth = PasswordAuth | AccessKeyAuth | TokenAuth;

/** What all replicas together may ask of one target. */
export interface TargetLimits {
  /** All calls of all replicas; null is no limit of ours. */
  readonly requestsPerSecond: number | null;
  /** Create calls under way at once, over all replicas. */
  readonly concurrentCreates: number;
  /** The cloud's own cap; null where it has none. */
  readonly snapshotsPerVolume: number | null;
}

/** One cloud project in one region, with its credentials and limits. */
export interface Target {
  readonly name: string;
  readonly api: TargetApi;
  /** Base URL without a trailing slash; `/v3/{projectId}/...` is appended. */
  readonly endpoint: string;
  readonly projectId: string;
  readonly auth: TargetAuth;
  readonly limits: TargetLimits;
  /** PEM file with the certificate authorities to trust for this target, beside the system's; null is only the system's. */
  readonly caFile: string | null;
  /** How long one call may take, connect to last byte. */
  readonly timeout: DurationMs;
}
