import { expect, test } from 'vitest';
import { dumpCall } from '../../../src/adapters/http-client/dump-call.ts';
import { createRedactor } from '../../../src/adapters/http-client/redactor.ts';

const redactor = createRedactor();
redactor.add('s3cret-password');

function dumped(body: string, headers: Readonly<Record<string, string>> = {}) {
  const request = { method: 'POST', url: `https://evs.example/v3/p/snapshots?note=${'n%20'.repeat(1_000)}`, headers, body } as const;
  return dumpCall('create_snapshot', request, { status: 202, headers: {}, body }, 12, redactor);
}

test('a value under a key that names a secret is taken out, whatever it is; the rest stays JSON', () => {
  const body = JSON.stringify({ auth: { password: { user: { name: 'bot', password: 'other' } }, tokens: ['a', 'b'], otp: 123_456 }, snapshot: { name: 'db-1', force: true } });
  expect(JSON.parse(dumped(body).request.body ?? '')).toEqual({
    auth: { password: { user: { name: 'bot', password: '[redacted]' } }, tokens: '[redacted]', otp: '[redacted]' },
    snapshot: { name: 'db-1', force: true },
  });
});

test('a secret in use is taken out of text that is not JSON, and of harmless headers', () => {
  const { request, response } = dumped('<p>s3cret-password</p>', { 'user-agent': 'x s3cret-password', 'x-unknown': 'y' });
  expect(response?.body).toBe('<p>[redacted]</p>');
  expect(request.headers).toEqual({ 'user-agent': 'x [redacted]', 'x-unknown': '[redacted]' });
});

test('long parts are cut, and say how long they were', () => {
  const { request, response } = dumped(JSON.stringify({ text: 'ab '.repeat(10_000) }), { 'user-agent': 'a '.repeat(2_000) });
  expect(response?.body).toMatch(/^\{"text":"ab .{8000,8200}… \(30011 characters\)$/);
  expect(request.url).toHaveLength(1_024);
  expect(request.headers['user-agent']).toHaveLength(1_024);
  expect(dumped('x'.repeat(1_048_577)).response?.body).toBe('(1048577 characters)');
});
