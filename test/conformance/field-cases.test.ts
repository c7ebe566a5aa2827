import { createServer } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startSimulator, type Simulator, type SimulatorOptions } from '#simulator/start-simulator';
import { waitFor } from '../support/wait-for.ts';
import type { CloudUnderTest } from './cloud-under-test.ts';
import { failureOf, gather, openClient, type Client } from './our-client.ts';
import { idsIn, RawClient } from './raw-client.ts';
import { asCloudUnderTest } from './simulated-cloud.ts';

// Cases of the field whose kind belongs to the cloud and the client, and that a real cloud cannot be brought into (or not
// within a minute). What any cloud can show of A22, A23 and A34 is in the suite.

const flavours = ['evs', 'cinder'] as const;
const instantly = { creation: { minMs: 0, maxMs: 0 }, deletion: { minMs: 0, maxMs: 0 }, snapshotsPerVolume: null };
const FIRST_MS = Date.UTC(2026, 0, 1);

async function start(options: SimulatorOptions): Promise<{ sim: Simulator; under: CloudUnderTest; client: Client }> {
  const sim = await startSimulator({ ...instantly, ...options });
  const under = asCloudUnderTest(sim);
  const client = openClient(under);
  onTestFinished(async () => {
    await client[Symbol.asyncDispose]();
    await sim.close();
  });
  return { sim, under, client };
}

/** Stands in front of a cloud and takes every marker away, as a server does that knows none. */
async function withoutMarkers(under: CloudUnderTest): Promise<CloudUnderTest> {
  const server = createServer((request, response) => {
    async function passOn(): Promise<void> {
      const url = new URL(request.url ?? '/', under.endpoint);
      url.searchParams.delete('marker');
      const body = await text(request);
      const headers = new Headers({ 'content-type': 'application/json', 'x-auth-token': String(request.headers['x-auth-token'] ?? '') });
      const answer = await fetch(url, { method: request.method ?? 'GET', headers, ...(body === '' ? {} : { body }) });
      const token = answer.headers.get('x-subject-token');
      if (token !== null) response.setHeader('x-subject-token', token);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    }
    passOn().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const url = `http://127.0.0.1:${address.port}`;
  return { ...under, endpoint: url, identityEndpoint: `${url}/v3` };
}

describe.each(flavours)('%s', (flavour) => {
  test('A22: what is sent for force is a boolean, and never within the metadata', async () => {
    const { sim, client } = await start({ flavour, volumes: [{ name: 'vol-a', status: 'in-use' }] });
    const volumeId = sim.volumes()[0]?.id ?? '';
    const request = { volumeId, name: 'n', description: null, metadata: { app: 'demo' } };
    await client.cloud.createSnapshot({ ...request, force: true });
    await failureOf(client.cloud.createSnapshot({ ...request, force: false }));

    const snapshot = { volume_id: volumeId, name: 'n', metadata: { app: 'demo' } };
    expect(sim.ledger.creates().map(({ status, body }) => [status, body])).toEqual([
      [202, { snapshot: { ...snapshot, force: true } }],
      [400, { snapshot: { ...snapshot, force: false } }],
    ]);
  });

  test('A23: metadata arrives as it was written, letter by letter', async () => {
    const { sim, client } = await start({ flavour, volumes: 1 });
    const volumeId = sim.volumes()[0]?.id ?? '';
    const metadata = { ver: '1.10', ticket: '4711', encrypted: 'true', note: '', big: '356136738', '0': 'zero' };
    const { snapshot } = await client.cloud.createSnapshot({ volumeId, name: 'n', description: null, force: true, metadata });
    expect((await client.cloud.showSnapshot(snapshot.id)).metadata).toEqual(metadata);
  });

  test('A26: sees all 1,003 volumes, and the marks of the last three', async () => {
    const volumes = Array.from({ length: 1_003 }, (_, n) => ({
      name: `vol-${n}`,
      createdAt: FIRST_MS + n * 1_000,
      // Newest first: the last three listed are the first three made.
      ...(n < 3 ? { tags: { backup: 'nightly' }, metadata: { backup: 'nightly' } } : {}),
    }));
    const { under, client } = await start({ flavour, volumes });

    for (const withTags of [true, false]) {
      const before = client.calls.length;
      const seen = await gather(client.cloud.volumePages({ withTags }));
      expect(new Set(seen.map(({ id }) => id)).size).toBe(1_003);
      expect(seen).toHaveLength(1_003);
      expect(seen.slice(-3).map(({ name, metadata }) => [name, metadata['backup']])).toEqual([['vol-2', 'nightly'], ['vol-1', 'nightly'], ['vol-0', 'nightly']]);
      // Only EVS has tags, and only its native listing shows them.
      const tagged = seen.filter(({ tags }) => tags['backup'] === 'nightly').map(({ name }) => name);
      expect(tagged).toEqual(withTags && flavour === 'evs' ? ['vol-2', 'vol-1', 'vol-0'] : []);
      expect(client.calls.slice(before).filter(({ operation }) => operation === 'list_volumes')).toHaveLength(2);
    }

    // The cloud by itself gives a thousand and leaves it at that, where nobody asks on.
    const raw = await RawClient.login(under);
    expect(((await raw.get('/volumes/detail')).json as { volumes: unknown[] }).volumes).toHaveLength(1_000);
  });

  test.each(['by marker', 'by offset, on a server that knows no markers'])('A26: sees all 2,500 snapshots %s', async (style) => {
    const { sim, under } = await start({ flavour, volumes: [{ name: 'vol-a' }, { name: 'vol-b' }] });
    // Many of one second, which Cinder tells apart by id alone.
    for (let n = 0; n < 2_500; n += 1) sim.putSnapshot({ volume: n % 2 === 0 ? 'vol-a' : 'vol-b', createdAt: FIRST_MS + Math.floor(n / 7) * 1_000 });
    await using client = openClient(style === 'by marker' ? under : await withoutMarkers(under));
    const [a] = sim.volumes();

    const all = await gather(client.cloud.snapshotPages({}));
    expect(all.map(({ id }) => id)).toEqual(sim.snapshots().map(({ id }) => id));
    const ofOne = await gather(client.cloud.snapshotPages({ volumeId: a?.id ?? '' }));
    expect(ofOne.map(({ id }) => id)).toEqual(sim.snapshots({ volumeId: a?.id ?? '' }).map(({ id }) => id));

    const raw = await RawClient.login(under);
    expect(idsIn(await raw.get('/snapshots'))).toHaveLength(1_000);
  });

  test('A26: a thousand exactly are not taken for a part, and a thousand and one are not cut', async () => {
    const { sim, client } = await start({ flavour, volumes: [{ name: 'vol-a' }] });
    for (let n = 0; n < 1_000; n += 1) sim.putSnapshot({ volume: 'vol-a', createdAt: FIRST_MS + n });
    expect(await gather(client.cloud.snapshotPages({}))).toHaveLength(1_000);
    sim.putSnapshot({ volume: 'vol-a', createdAt: FIRST_MS + 1_000 });
    expect(await gather(client.cloud.snapshotPages({}))).toHaveLength(1_001);
  });

  test('A34: a deletion that fails later ends in error_deleting, which cannot be deleted again', async () => {
    const { sim, client } = await start({ flavour, volumes: 1, faults: [{ operation: 'delete', times: 1, effect: { kind: 'delete-error' } }] });
    const { id } = sim.putSnapshot({ volume: 'vol-0001' });
    await client.cloud.deleteSnapshot(id);
    await waitFor(() => client.cloud.showSnapshot(id), ({ status }) => status === 'error_deleting', { intervalMs: 10, what: 'error_deleting' });
    expect(await failureOf(client.cloud.deleteSnapshot(id))).toMatchObject({ kind: 'conflict', httpStatus: 400, code: flavour === 'evs' ? 'EVS.1047' : 'badRequest' });
    expect(sim.snapshots()).toHaveLength(1);
  });

  test('A34: a busy snapshot is back to available after a 202, and goes the next time', async () => {
    const { sim, client } = await start({ flavour, volumes: 1, faults: [{ operation: 'delete', times: 1, effect: { kind: 'delete-bounces' } }] });
    const { id } = sim.putSnapshot({ volume: 'vol-0001' });
    await client.cloud.deleteSnapshot(id);
    await waitFor(() => client.cloud.showSnapshot(id), ({ status }) => status === 'available', { intervalMs: 10, what: 'available' });
    await client.cloud.deleteSnapshot(id);
    await waitFor(() => sim.snapshots(), ({ length }) => length === 0, { intervalMs: 10, what: 'no snapshot' });
    expect(await failureOf(client.cloud.deleteSnapshot(id))).toMatchObject({ kind: 'not_found', httpStatus: 404 });
  });

  test('A34: a page in place of a 404 does not mean that the snapshot is gone', async () => {
    const { sim, client } = await start({ flavour, volumes: 1, faults: [{ operation: 'delete', effect: { kind: 'code', code: 'APIGW.0101' } }] });
    const { id } = sim.putSnapshot({ volume: 'vol-0001' });
    expect(await failureOf(client.cloud.deleteSnapshot(id))).toMatchObject({ kind: 'invalid', httpStatus: 404, code: 'APIGW.0101' });
    expect(sim.snapshots()).toHaveLength(1);
  });
});
