import { describe, expect, it } from 'vitest';
import { boundedLine, redactText } from '#domain/failure/redact-text';

describe('redactText', () => {
  it.each([
    ['a Fernet token', 'token gAAAAABkq1Z_x-y1234567890abc== expired', 'token [redacted] expired'],
    ['a header', 'X-Auth-Token: abc was sent', 'X-Auth-Token: [redacted] was sent'],
    ['JSON', '{"password": "p w", "name": "bot"}', '{"password": [redacted], "name": "bot"}'],
    ['JSON cut off', '{"adminPass": 1, "secret": "abc', '{"adminPass": 1, "secret": [redacted]'],
    ['a query', 'GET /x?access_key=abc&a=1', 'GET /x?access_key=[redacted]&a=1'],
    ['single quotes', "secret_key='x y' and", 'secret_key=[redacted] and'],
    ['bearer', 'Bearer abc.def-ghi was refused', 'Bearer [redacted] was refused'],
    ['user and password of a URL', 'cannot reach rediss://bot:p%40w@host:6379/0 now', 'cannot reach rediss://[redacted]@host:6379/0 now'],
    ['a long run', `sent ${'MIIE'.repeat(20)} along`, 'sent [redacted] along'],
    ['a signature', `got 7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe`, 'got [redacted]'],
    ['the gateway\'s dump', 'verify aksk signature fail, canonicalRequest: POST\n/v3/\nx-security-token:abc', 'verify aksk signature fail, canonicalRequest [redacted]'],
  ])('%s', (_name, text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it.each([
    'Invalid volume: Volume a569c587-84be-4d0a-ad52-6f440499a871 status must be available, but current status is: in-use.',
    'invalid token!',
    'x-auth-token not found',
    'token expires, expires_at: 2026-11-25T00:41:18.000000Z',
    'project 0970dd9c1a0026a62fddc0038c52b5eb, request req-33e79572-0704-4a6d-b19c-34ec04a3497f',
    `Value: ${'a'.repeat(256)} is too long`,
    'Threshold: 5 times per 60 seconds',
  ])('leaves %j alone', (text) => {
    expect(redactText(text)).toBe(text);
  });
});

describe('boundedLine', () => {
  it.each([
    ['short', 10, 'short'],
    ['  two\r\n\tlines\u0000\u001b[31m ', 30, 'two lines [31m'],
    ['0123456789', 10, '0123456789'],
    ['0123456789a', 10, '012345678…'],
    ['01234567😀x', 10, '01234567…'],
  ])('%j to %i', (text, max, expected) => {
    expect(boundedLine(text, max)).toBe(expected);
  });
});
