import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CloudFailure } from '#domain/failure/failure';
import { createFixture, gather, type Fixture } from './cloud-fixture.ts';

const CANARY = 'canary-fuzz-token-0123456789';

interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly ending: 'whole' | 'cut' | 'short';
}

let server: Server;
let fixture: Fixture;
let answer: Answer;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    const { status, headers, body, ending } = answer;
    if (ending === 'cut') {
      request.socket.destroy();
      return;
    }
    for (const [name, value] of headers) response.setHeader(name, value);
    if (ending === 'short') response.setHeader('content-length', Buffer.byteLength(body) + 5);
    response.writeHead(status);
    if (ending === 'short') response.write(body, () => response.socket?.destroy());
    else response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  fixture = createFixture(url, { timeoutMs: 3_000, target: { auth: { type: 'token', token: { env: 'TOKEN' } } } });
  fixture.env['TOKEN'] = CANARY;
});
afterAll(async () => {
  await fixture.cloud.close();
  await new Promise((resolve) => server.close(resolve));
});

const item = fc.record(
  { id: fc.oneof(fc.uuid(), fc.integer(), fc.constant(null)), volume_id: fc.oneof(fc.uuid(), fc.constant(null)), status: fc.jsonValue(), size: fc.jsonValue(), metadata: fc.jsonValue(), tags: fc.jsonValue(), created_at: fc.jsonValue() },
  { requiredKeys: ['id'] },
);
const body = fc.oneof(
  fc.record({ snapshot: item }),
  fc.record({ volume: item }),
  fc.record({ snapshots: fc.array(item, { maxLength: 4 }), snapshots_links: fc.jsonValue() }),
  fc.record({ error: fc.record({ code: fc.constantFrom('EVS.5400', 'EVS.2409', CANARY), message: fc.oneof(fc.string(), fc.constant(CANARY)) }) }),
  fc.jsonValue(),
).map((value) => JSON.stringify(value) ?? '');
const answers: fc.Arbitrary<Answer> = fc.record({
  status: fc.oneof(fc.constantFrom(200, 202, 204, 400, 401, 404, 413, 429, 500), fc.integer({ min: 200, max: 599 })),
  headers: fc.array(fc.constantFrom(['retry-after', '3'] as const, ['x-request-id', CANARY] as const, ['content-type', 'text/html'] as const, ['location', '/elsewhere'] as const), { maxLength: 3 }),
  body: fc.oneof(body, body.map((text) => text.slice(0, 15)), fc.string({ unit: 'binary', maxLength: 60 }), fc.constant(`<html>${CANARY}`)),
  ending: fc.constantFrom('whole', 'whole', 'whole', 'cut', 'short'),
});

it('whatever comes, every call ends with a value or a CloudFailure, and says no secret', async () => {
  const calls: (() => Promise<unknown>)[] = [
    async () => fixture.cloud.createSnapshot({ volumeId: 'v', name: 'n', description: null, force: false, metadata: {} }),
    async () => fixture.cloud.showSnapshot('a'),
    async () => fixture.cloud.deleteSnapshot('a'),
    async () => fixture.cloud.showVolume('a'),
    async () => fixture.cloud.quotas(),
    async () => gather(fixture.cloud.snapshotPages({})),
  ];
  await fc.assert(
    fc.asyncProperty(answers, fc.nat(calls.length - 1), async (next, index) => {
      answer = next;
      const error = await calls[index]?.().then(() => null, (reason: unknown) => reason);
      if (error === null) return;
      if (!(error instanceof CloudFailure)) throw new Error('neither a value nor a CloudFailure', { cause: error });
      expect(JSON.stringify(error.failure) + String(error.stack)).not.toContain(CANARY);
      expect(error.failure.code).toMatch(/^[A-Za-z][\w.]{1,30}$/);
    }),
    { numRuns: 800 },
  );
  expect(JSON.stringify(fixture.calls)).not.toContain(CANARY);
  expect(JSON.stringify(fixture.dumps)).not.toContain(CANARY);
});
