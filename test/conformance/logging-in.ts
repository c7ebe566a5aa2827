import { describe, expect, test } from 'vitest';
import { differing, expectedOf } from './differences.ts';
import type { Given } from './given.ts';
import { logIn, type Answer } from './raw-client.ts';
import { told } from './told.ts';

const ours = ['openstack-api-version', 'vary', 'x-compute-request-id', 'x-openstack-request-id', 'x-request-id', 'www-authenticate'];

/** Which of the headers that a client may care for are there. */
export function headersOf({ headers }: Answer): readonly string[] {
  return ours.filter((name) => headers.has(name)).toSorted();
}

const EXPECTING = (what: string) =>
  `Expecting to find ${what}. The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.`;

export function loggingIn(given: Given): void {
  describe('logging in', () => {
    test('201, the token in a header, times with six decimals and a Z, scoped to the project', async () => {
      const before = Date.now();
      const answer = await logIn(given.cloud);

      const { token } = answer.json as { token: { expires_at: string; issued_at: string; methods: string[]; project: { id: string } } };
      expect(answer.status).toBe(201);
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(answer.headers.get('x-subject-token')?.length).toBeGreaterThan(100);
      expect(token).toMatchObject({ methods: ['password'], project: { id: given.cloud.projectId } });
      for (const time of [token.expires_at, token.issued_at]) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      // Cut to the second on Keystone.
      expect(Date.parse(token.issued_at)).toBeGreaterThan(before - 2000);
      expect(Date.parse(token.expires_at)).toBeGreaterThan(before + 60_000);
      expect(headersOf(answer).filter((name) => name.endsWith('request-id'))).toEqual(differing(given.kind, 'login: where the request id is'));
    });

    test('each login gives a token of its own, and the ones before stay good', async () => {
      const answer = await logIn(given.cloud);
      const token = answer.headers.get('x-subject-token') ?? '';
      expect(token).not.toBe(given.raw.token);
      expect((await given.raw.get('/snapshots?limit=1')).status).toBe(200);
      expect((await given.raw.get('/snapshots?limit=1', { 'x-auth-token': token })).status).toBe(200);
    });

    test.each([
      ['login: a wrong password', { password: 'not-this-one' }],
      ['login: an unknown user', { username: 'nobody-of-that-name' }],
    ])('%s', async (name, changes) => {
      expect(told(await logIn(given.cloud, changes))).toEqual(differing(given.kind, name));
      // One success more, so that no lock-out is near.
      expect((await logIn(given.cloud)).status).toBe(201);
    });

    test.each([
      ['login: malformed JSON', '{', [400, 'Bad Request', EXPECTING('valid JSON in request body')]],
      ['login: an empty object', '{}', [400, 'Bad Request', EXPECTING('auth in request body')]],
    ])('%s', async (name, body, expected) => {
      expect(told(await logIn(given.cloud, {}, () => body))).toEqual(expectedOf(given.kind, name, expected));
    });
  });

  describe('tokens and paths', () => {
    test('token: a wrong one', async () => {
      const answer = await given.raw.get('/snapshots', { 'x-auth-token': 'nobody-gave-this-out' });
      expect(told(answer)).toEqual(differing(given.kind, 'token: a wrong one'));
      expect(headersOf(answer)).toEqual(differing(given.kind, 'token: headers of the 401'));
    });

    test('token: none', async () => {
      const answer = await fetch(`${given.cloud.endpoint}/v3/${given.cloud.projectId}/snapshots`);
      const text = await answer.text();
      expect(told({ status: answer.status, headers: answer.headers, text, json: JSON.parse(text) })).toEqual(differing(given.kind, 'token: none'));
    });

    test("token: another project's id in the URL", async () => {
      const answer = await fetch(`${given.cloud.endpoint}/v3/${'0'.repeat(32)}/snapshots`, { headers: { 'x-auth-token': given.raw.token } });
      const text = await answer.text();
      expect(told({ status: answer.status, headers: answer.headers, text, json: JSON.parse(text) })).toEqual(
        differing(given.kind, "token: another project's id in the URL"),
      );
    });

    test.each([
      ['GET', '/snapshot'],
      ['PATCH', '/snapshots'],
      ['POST', '/snapshots/'],
    ])('path: one that does not exist: %s %s', async (method, path) => {
      const answer = await given.raw.send(method, path, method === 'GET' ? undefined : {});
      expect(told(answer)).toEqual(differing(given.kind, 'path: one that does not exist'));
    });

    test('headers of an answer', async () => {
      const answer = await given.raw.get('/snapshots?limit=1');
      expect(answer.headers.get('content-type')).toBe('application/json');
      expect(headersOf(answer)).toEqual(differing(given.kind, 'headers of an answer'));
      const ids = ['x-request-id', 'x-openstack-request-id', 'x-compute-request-id'].map((name) => answer.headers.get(name)).filter((id) => id !== null);
      expect(new Set(ids).size).toBe(1);
      expect(ids[0]).toMatch(given.kind === 'simulatedEvs' ? /^[0-9a-f]{32}$/ : /^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    });
  });
}
