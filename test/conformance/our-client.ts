import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '#adapters/clock/system-clock';
import { createCloud } from '#adapters/evs/create-cloud';
import type { ObservedCall } from '#adapters/http-client/call-observer';
import { createHttpClient } from '#adapters/http-client/http-client';
import { createRedactor } from '#adapters/http-client/redactor';
import { createAuthenticator } from '#adapters/iam/create-authenticator';
import { createSecretSource } from '#adapters/iam/secret-source';
import { unlimited } from '#app/ports/call-limiter';
import type { Cloud, CreateSnapshotRequest } from '#app/ports/cloud';
import { CloudFailure, type Failure } from '#domain/failure/failure';
import type { Target, TargetAuth } from '#domain/target';
import { durationMs } from '#domain/time';
import { waitFor } from '../support/wait-for.ts';
import { NOBODY, type CloudUnderTest } from './cloud-under-test.ts';
import { differing } from './differences.ts';
import { givenVolume, type Given } from './given.ts';
import { codeFor } from './told.ts';

export interface Client extends AsyncDisposable {
  readonly cloud: Cloud;
  readonly calls: readonly ObservedCall[];
}

/** Our client with the system's clock, as the service has it. */
export function openClient(cloud: Pick<CloudUnderTest, 'kind' | 'endpoint' | 'identityEndpoint' | 'projectId' | 'credentials'>, more: { readonly auth?: TargetAuth; readonly password?: string } = {}): Client {
  const target: Target = {
    name: 'conformance',
    api: cloud.kind === 'simulatedEvs' ? 'evs-v3' : 'cinder-v3',
    endpoint: cloud.endpoint,
    projectId: cloud.projectId,
    auth: more.auth ?? {
      type: 'password',
      identityEndpoint: cloud.identityEndpoint,
      username: cloud.credentials.username,
      domain: cloud.credentials.domain,
      userDomain: null,
      projectDomain: null,
      projectName: null,
      password: { env: 'PASSWORD' },
      agency: null,
    },
    limits: { requestsPerSecond: null, concurrentCreates: 20, snapshotsPerVolume: null },
    caFile: null,
    timeout: durationMs(20_000),
  };
  const calls: ObservedCall[] = [];
  const redactor = createRedactor();
  const http = createHttpClient({ version: '0.1.0', timeout: target.timeout, caFile: null });
  const context = { http, clock: systemClock, redactor, observer: { onCall: (call: ObservedCall) => calls.push(call) } };
  const secrets = createSecretSource({ env: { PASSWORD: more.password ?? cloud.credentials.password, TOKEN: 'nobody-gave-this-out' }, onRead: (secret) => redactor.add(secret) });
  const client = createCloud(target, { context, auth: createAuthenticator(target, { context, secrets, random: Math.random }), limiter: unlimited });
  return { cloud: client, calls, [Symbol.asyncDispose]: () => client.close() };
}

/** The failure of a call that must fail. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CloudFailure) return error.failure;
  throw new Error('the call did not fail as it must', { cause: error });
}

export async function gather<T>(pages: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

const REQUEST_ID = /^(?:req-[0-9a-f-]{36}|[0-9a-f]{32})$/;

export function ourClient(given: Given): void {
  let opened: Client | undefined;
  const client = () => {
    if (opened === undefined) throw new Error('the client is not open yet');
    return opened;
  };
  const volume = givenVolume(given, 'client');
  const attached = givenVolume(given, 'client-attached');
  const busy = givenVolume(given, 'client-busy');
  beforeAll(async () => {
    opened = openClient(given.cloud);
    await given.cloud.setVolumeStatus(attached.id, 'in-use');
  });
  afterAll(() => opened?.[Symbol.asyncDispose]());

  const request = (more: Partial<CreateSnapshotRequest> = {}): CreateSnapshotRequest => ({
    volumeId: volume.id,
    name: 'client-nightly',
    description: null,
    force: true,
    metadata: { snapkeep_run: 'r1' },
    ...more,
  });
  const reached = (id: string, status: string) => waitFor(() => client().cloud.showSnapshot(id), (snapshot) => snapshot.status === status, { intervalMs: 15, what: status });
  const made = async (more: Partial<CreateSnapshotRequest> = {}) => reached((await client().cloud.createSnapshot(request(more))).snapshot.id, 'available');
  /** How many calls an action takes. */
  async function callsOf(action: () => Promise<unknown>): Promise<readonly string[]> {
    const before = client().calls.length;
    await action();
    return client().calls.slice(before).map(({ operation }) => operation);
  }

  describe('logging in', () => {
    test('tells how long the token lasts', async () => {
      const { expiresInMs } = await client().cloud.authenticate();
      expect(expiresInMs).toBeGreaterThan(60_000);
      expect(expiresInMs).toBeLessThanOrEqual(24 * 3_600_000);
    });

    test('a wrong password is auth, with one login and no word of the password', async () => {
      await using wrong = openClient(given.cloud, { password: 'canary-not-this-one' });
      const failure = await failureOf(wrong.cloud.authenticate());
      const [status, code] = differing(given.kind, 'login: a wrong password') as [number, string];
      expect(failure).toMatchObject({ kind: 'auth', httpStatus: status, code: code.startsWith('IAM.') ? code : 'HTTP_401', outcomeUnknown: false });
      expect(failure.requestId).toMatch(REQUEST_ID);
      expect(wrong.calls.map(({ operation }) => operation)).toEqual(['login']);
      expect(JSON.stringify([failure, wrong.calls])).not.toContain('canary');
    });

    test('a wrong token is auth', async () => {
      await using wrong = openClient(given.cloud, { auth: { type: 'token', token: { env: 'TOKEN' } } });
      const failure = await failureOf(wrong.cloud.createSnapshot(request()));
      expect(failure).toMatchObject({ kind: 'auth', httpStatus: 401, outcomeUnknown: false });
    });
  });

  describe('the life of a snapshot', () => {
    test('created, shown, listed, deleted, gone', async () => {
      const { snapshot, requestId } = await client().cloud.createSnapshot(request({ description: 'by the suite', force: false }));
      expect(snapshot).toEqual({
        id: snapshot.id,
        volumeId: volume.id,
        name: 'client-nightly',
        status: 'creating',
        sizeGb: 1,
        metadata: { snapkeep_run: 'r1' },
        createdAt: snapshot.createdAt,
      });
      expect(Math.abs((snapshot.createdAt ?? 0) - Date.now())).toBeLessThan(5_000);
      expect(requestId).toMatch(REQUEST_ID);

      const available = await reached(snapshot.id, 'available');
      // Cinder cuts it to the second.
      expect((snapshot.createdAt ?? 0) - (available.createdAt ?? 0)).toBeLessThan(1_000);
      expect(available).toEqual({ ...snapshot, status: 'available', createdAt: available.createdAt });
      const listed = await gather(client().cloud.snapshotPages({ volumeId: volume.id, status: 'available' }));
      expect(listed.filter(({ id }) => id === snapshot.id)).toEqual([available]);

      await client().cloud.deleteSnapshot(snapshot.id);
      const gone = await waitFor(
        () => client().cloud.showSnapshot(snapshot.id).then(() => null, (error: unknown) => error),
        (error) => error !== null,
        { intervalMs: 15, what: 'the 404' },
      );
      expect((gone as CloudFailure).failure).toMatchObject({ kind: 'not_found', httpStatus: 404, code: codeFor(given.kind, 404) });
    });

    test('two creates alike make two snapshots, newest first', async () => {
      const first = await made({ name: 'twin' });
      const second = await made({ name: 'twin' });
      const twins = (await gather(client().cloud.snapshotPages({ volumeId: volume.id }))).filter(({ name }) => name === 'twin');
      expect(new Set(twins.map(({ id }) => id))).toEqual(new Set([first.id, second.id]));
      const times = twins.map(({ createdAt }) => createdAt ?? 0);
      expect(times).toEqual(times.toSorted((a, b) => b - a));
    });

    test('a volume of which there is none has no snapshots', async () => {
      expect(await gather(client().cloud.snapshotPages({ volumeId: NOBODY }))).toEqual([]);
    });
  });

  describe('volumes', () => {
    test('shown and listed alike, in use or not', async () => {
      const [free, used] = [await client().cloud.showVolume(volume.id), await client().cloud.showVolume(attached.id)];
      expect(free).toMatchObject({ id: volume.id, name: 'conf-client', status: 'available', sizeGb: 1, metadata: {}, tags: {} });
      expect(used).toMatchObject({ id: attached.id, status: 'in-use' });
      expect(free.createdAt).not.toBeNull();
      for (const withTags of [false, true]) {
        const listed = await gather(client().cloud.volumePages({ withTags }));
        expect(listed.filter(({ id }) => id === volume.id || id === attached.id)).toEqual(expect.arrayContaining([free, used]));
      }
    });

    test('an unknown one is not_found', async () => {
      expect(await failureOf(client().cloud.showVolume(NOBODY))).toMatchObject({ kind: 'not_found', httpStatus: 404, code: codeFor(given.kind, 404) });
    });

    test('one is made from a snapshot', async () => {
      const { id } = await made();
      const back = await client().cloud.createVolumeFromSnapshot({ snapshotId: id, name: 'conf-back', volumeType: null, sizeGb: 1, availabilityZone: null, metadata: { snapkeep_restore: 'x1' } });
      expect(back).toMatchObject({ name: 'conf-back', status: 'creating', sizeGb: 1, metadata: { snapkeep_restore: 'x1' } });
      await waitFor(() => client().cloud.showVolume(back.id), ({ status }) => status === 'available', { timeoutMs: 30_000, what: 'the volume' });
      expect(await failureOf(client().cloud.createVolumeFromSnapshot({ snapshotId: NOBODY, name: 'conf-none', volumeType: null, sizeGb: 1, availabilityZone: null, metadata: {} }))).toMatchObject({
        kind: 'not_found',
        httpStatus: 404,
      });
    });
  });

  describe('refusals', () => {
    test('A22: in use: with force one POST and a snapshot', async () => {
      const calls = await callsOf(() => client().cloud.createSnapshot(request({ volumeId: attached.id, force: true })));
      expect(calls).toEqual(['create_snapshot']);
    });

    test('A22: in use: without force one POST, invalid, and the reason', async () => {
      const create = () => failureOf(client().cloud.createSnapshot(request({ volumeId: attached.id, force: false })));
      const failure = await create();
      expect(failure).toMatchObject({ kind: 'invalid', httpStatus: 400, code: codeFor(given.kind, 400), retryAfterMs: null, outcomeUnknown: false });
      expect(failure.message).toBe(
        `Invalid volume: Volume ${attached.id} status must be available, but current status is: in-use. (volume in use, force not set)`,
      );
      expect(failure.requestId).toMatch(REQUEST_ID);
      expect(await callsOf(create)).toEqual(['create_snapshot']);
    });

    test.each([
      ['extending', 'conflict'],
      ['backing-up', 'conflict'],
      ['reserved', 'conflict'],
      ['maintenance', 'conflict'],
      ['error', 'invalid'],
      ['error_extending', 'invalid'],
      ['awaiting-transfer', 'invalid'],
    ])('a volume that is %s is a %s', async (status, kind) => {
      await given.cloud.setVolumeStatus(busy.id, status);
      expect((await client().cloud.showVolume(busy.id)).status).toBe(status);
      expect(await failureOf(client().cloud.createSnapshot(request({ volumeId: busy.id })))).toMatchObject({ kind, httpStatus: 400, code: codeFor(given.kind, 400), outcomeUnknown: false });
    });

    test('an unknown volume is not_found', async () => {
      expect(await failureOf(client().cloud.createSnapshot(request({ volumeId: NOBODY })))).toMatchObject({
        kind: 'not_found',
        httpStatus: 404,
        code: codeFor(given.kind, 404),
        message: `Volume ${NOBODY} could not be found.`,
      });
    });

    test('what the cloud cannot read is invalid', async () => {
      const metadata = { ticket: 4711 } as unknown as Record<string, string>;
      expect(await failureOf(client().cloud.createSnapshot(request({ metadata })))).toMatchObject({
        kind: 'invalid',
        httpStatus: 400,
        message: "Invalid input for field/attribute ticket. Value: 4711. 4711 is not of type 'string'",
      });
    });

    test('a full quota is quota, and not throttled for all its Retry-After', async () => {
      const { inUse } = (await client().cloud.quotas()).snapshots;
      await given.cloud.setSnapshotQuota(inUse);
      try {
        expect((await client().cloud.quotas()).snapshots).toEqual({ limit: inUse, inUse });
        const failure = await failureOf(client().cloud.createSnapshot(request()));
        const [httpStatus, code, message] = differing(given.kind, 'quota: reached') as [number, string, string];
        expect(failure).toMatchObject({ kind: 'quota', httpStatus, code, message: message.replace('{used}', String(inUse)), retryAfterMs: null, outcomeUnknown: false });
      } finally {
        await given.cloud.liftSnapshotQuota();
      }
      expect((await client().cloud.quotas()).snapshots.limit).toBeNull();
    });

    test.each(['creating', 'deleting', 'error_deleting', 'backing-up'])('A34: deleting a snapshot that is %s: refused once, and it stays', async (status) => {
      const { id } = await made();
      await given.cloud.setSnapshotStatus(id, status);
      const expected = differing(given.kind, 'client: a snapshot that cannot be deleted in its state') as Partial<Failure>;
      expect(await failureOf(client().cloud.deleteSnapshot(id))).toMatchObject(expected);
      expect(await callsOf(() => failureOf(client().cloud.deleteSnapshot(id)))).toEqual(['delete_snapshot']);
      expect((await client().cloud.showSnapshot(id)).status).toBe(status);
    });

    test('A34: deleting one that is gone is not_found', async () => {
      expect(await failureOf(client().cloud.deleteSnapshot(NOBODY))).toMatchObject({ kind: 'not_found', httpStatus: 404, code: codeFor(given.kind, 404) });
    });
  });
}
