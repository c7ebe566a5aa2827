/** The clouds that the suite is run against; also the columns of `differences.ts`. */
export type CloudKind = 'simulatedEvs' | 'simulatedCinder' | 'realCinder';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  /** The account on EVS. */
  readonly domain: string;
}

/** A cloud with a project that nobody else uses, and what only its owner can do there. */
export interface CloudUnderTest extends AsyncDisposable {
  readonly kind: CloudKind;
  /** `/auth/tokens` is appended. */
  readonly identityEndpoint: string;
  /** `/v3/{project}/…` is appended. */
  readonly endpoint: string;
  readonly projectId: string;
  readonly credentials: Credentials;
  /** A volume of 1 GB that is available; its id. */
  addVolume(name: string): Promise<string>;
  /** `in-use` by attaching it, any other by decree. */
  setVolumeStatus(id: string, status: string): Promise<void>;
  setSnapshotStatus(id: string, status: string): Promise<void>;
  setSnapshotQuota(limit: number): Promise<void>;
  liftSnapshotQuota(): Promise<void>;
}

/** Nobody's, though it looks like an id. */
export const NOBODY = '11111111-2222-4333-8444-555555555555';
