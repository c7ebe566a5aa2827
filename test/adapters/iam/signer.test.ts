import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeQuery, requestHash, sdkDate, signRequest } from '#adapters/iam/signer';
import { instant } from '#domain/time';

const V5_KEY = { accessKey: 'AKEXAMPLE0000000000A', secretKey: 'SKEXAMPLE00000000000000000000000000000A' };
const V5_HEADERS = {
  'Content-Type': 'application/json',
  Host: 'evs.sa-brazil-1.myhuaweicloud.com',
  'X-Project-Id': '0970dd9c1a0026a62fddc0038c52b5eb',
  'X-Sdk-Date': '20260102T030405Z',
};
const V5_BASE = 'https://evs.sa-brazil-1.myhuaweicloud.com/v3/0970dd9c1a0026a62fddc0038c52b5eb';

function signature(authorization: string): string {
  return /Signature=([\da-f]{64})$/.exec(authorization)?.[1] ?? '';
}

describe('SDK-HMAC-SHA256', () => {
  it('signs the example of the signing guide', () => {
    const request = {
      method: 'GET',
      url: 'https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0',
      headers: { 'content-type': 'application/json', host: 'service.region.example.com', 'x-sdk-date': '20191115T033655Z' },
      body: null,
    };
    expect(requestHash(request)).toBe('b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a');
    expect(signRequest(request, { accessKey: 'QTWAOYTTINDUT2QVKYUC', secretKey: 'MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc' })).toBe(
      'SDK-HMAC-SHA256 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date, ' +
        'Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe',
    );
  });

  it.each([
    ['GET', 'https://h/path?limit=1', null, '5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624'],
    ['POST', 'https://h/path?key=value', '{"Name":"test","Id":1}\n', 'cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59'],
  ])('signs the Go SDK\'s test of a %s', (method, url, body, expected) => {
    const authorization = signRequest({ method, url, headers: { 'x-sdk-date': '20060102T150405Z' }, body }, { accessKey: 'AccessKey', secretKey: 'SecretKey' });
    expect(signature(authorization)).toBe(expected);
  });

  it('encodes and sorts a query as published', () => {
    const params = [
      ['limit', '1'], ['enable', 'true'], ['test', '一 (&=?!#%.*)'], ['path', '/tmp/123'], ['multi', '3'], ['multi', '1'], ['multi', '2'],
    ] as const;
    expect(encodeQuery(params)).toBe('enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29');
  });

  it('signs a create', () => {
    const body = '{"snapshot":{"volume_id":"5aa119a8-d25b-45a7-8d1b-88e127885635","name":"sched-1","force":true,"metadata":{"run":"1"}}}';
    expect(createHash('sha256').update(body).digest('hex')).toBe('7c928067a313f42f5f87df07485b5edf034961009751066815683dcce8830f07');
    const request = { method: 'post', url: `${V5_BASE}/snapshots`, headers: V5_HEADERS, body };
    expect(requestHash(request)).toBe('0403207d69f1b7a9d2db779c7da6ffce87ef354a81d46c4ebd01165509e39337');
    expect(signature(signRequest(request, V5_KEY))).toBe('1691312e717a0e7e6c8ca29a788f933ea4d5ce801222b42a28433aabcdcb1679');
  });

  it('signs a list with a temporary key', () => {
    const request = {
      method: 'GET',
      url: `${V5_BASE}/snapshots/detail?limit=50&name=a%20b&offset=50&status=available`,
      headers: { ...V5_HEADERS, 'X-Security-Token': ' TESTTOKEN ' },
      body: null,
    };
    expect(signature(signRequest(request, V5_KEY))).toBe('25f1aa9afe67741cbdf133da89eabd987c58ceafac821b5ff13dc66f11c68ff9');
  });

  it.each([
    ['order of the query', '?b=2&a=1', '?a=1&b=2'],
    ['spelling of the query', '?a=%7e*&b', '?a=~%2A&b='],
    ['a slash at the end of the path', '/?a=1', '?a=1'],
  ])('%s does not matter', (_name, one, other) => {
    const sign = (rest: string) => signRequest({ method: 'GET', url: `${V5_BASE}/snapshots${rest}`, headers: V5_HEADERS, body: null }, V5_KEY);
    expect(sign(one)).toBe(sign(other));
  });

  it('signs a bare host and text that is no valid encoding', () => {
    for (const url of ['https://h', 'https://h/%zz?%zz=%']) {
      expect(signature(signRequest({ method: 'GET', url, headers: {}, body: null }, V5_KEY))).toMatch(/^[\da-f]{64}$/);
    }
  });

  it('writes its date without dashes, colons and milliseconds', () => {
    expect(sdkDate(instant(Date.UTC(2026, 0, 2, 3, 4, 5, 678)))).toBe('20260102T030405Z');
  });
});
