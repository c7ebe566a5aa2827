import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noticeId } from '#domain/notification/notice-id';
import { configRefusedNotice, pruneBrakedNotice } from '#domain/notification/other-notices';
import { receiversOf } from '#domain/notification/receivers';
import { signatureOf } from '#domain/notification/signature';
import type { NotificationTarget } from '#domain/policy';
import { DAY, HOUR, addMs } from '#domain/time';
import { createHmac } from 'node:crypto';
import { at } from './samples.ts';

function target(name: string, fields: Partial<NotificationTarget>): NotificationTarget {
  return { name, url: { env: 'URL' }, format: 'slack', secret: null, events: ['run.failed'], policies: ['*'], ...fields };
}

test('an event goes to whoever lists it for a policy that a glob of theirs matches', () => {
  const targets = [
    target('all', {}),
    target('db', { policies: ['db-*', 'nightly'] }),
    target('one', { policies: ['db-?'] }),
    target('braked', { events: ['prune.braked'] }),
  ];
  const names = (policy: string): string[] => receiversOf(targets, 'run.failed', policy).map(({ name }) => name);

  expect(names('db-12')).toEqual(['all', 'db']);
  expect(names('db-1')).toEqual(['all', 'db', 'one']);
  expect(names('nightly')).toEqual(['all', 'db']);
  expect(names('weekly')).toEqual(['all']);
});

test('what is about no policy goes to everyone who lists it, whatever their policies', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ policies: fc.array(fc.constantFrom('*', 'a', 'b-*')), lists: fc.boolean() })), (chosen) => {
      const targets = chosen.map(({ policies, lists }, n) => target(`t${n}`, { policies, events: lists ? ['config.refused'] : ['run.failed'] }));
      expect(receiversOf(targets, 'config.refused', null)).toEqual(targets.filter(({ events }) => events.includes('config.refused')));
    }),
  );
});

test('ids are equal for equal parts only, and such as BullMQ takes', () => {
  const parts = fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 4 });
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      expect(noticeId(a)).toMatch(/^n[0-9a-f]{32}$/);
      expect(noticeId(a) === noticeId(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
});

test('a brake that holds is news once a day, and again when the policy has changed', () => {
  const brake = { policy: 'p', target: 't', reason: 'too many\nat once', expired: 8, good: 14, revision: 'r1' };
  const noon = at('2026-11-24T12:00:00Z');
  const first = pruneBrakedNotice('prod', brake, noon);

  expect(first).toMatchObject({ policy: 'p', target: 't', reason: 'too many at once', expired: 8, good: 14, at: noon });
  expect(pruneBrakedNotice('prod', { ...brake, expired: 9 }, addMs(noon, HOUR)).id).toBe(first.id);
  expect(pruneBrakedNotice('prod', brake, addMs(noon, DAY)).id).not.toBe(first.id);
  expect(pruneBrakedNotice('prod', { ...brake, revision: 'r2' }, noon).id).not.toBe(first.id);
  expect(pruneBrakedNotice('other', brake, noon).id).not.toBe(first.id);
});

test('files that two replicas refuse are one piece of news', () => {
  const refused = { problems: 1, errorMessage: 'a.yaml:1:1: unknown key' };
  const noon = at('2026-11-24T12:00:00Z');
  const first = configRefusedNotice('prod', refused, noon);

  expect(configRefusedNotice('prod', refused, addMs(noon, 90_000)).id).toBe(first.id);
  expect(configRefusedNotice('prod', { ...refused, errorMessage: 'another' }, noon).id).not.toBe(first.id);
  expect(configRefusedNotice('prod', refused, addMs(noon, HOUR)).id).not.toBe(first.id);
});

test('the signature is that of RFC 2104 over time and body', () => {
  // Made with: printf '1795483500.{"a":"ü"}' | openssl dgst -sha256 -hmac 's3cret'
  expect(signatureOf('s3cret', '{"a":"ü"}', at('2026-11-24T01:25:00.999Z'))).toBe('t=1795483500,v1=eec291c0d00577b72fa2cb1067738a0a97451db70f3cde2fcae7106bc8ea0555');
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), fc.integer({ min: 0, max: 4_000_000_000_000 }), (secret, body, ms) => {
      const [, seconds = '', mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signatureOf(secret, body, at(new Date(ms).toISOString()))) ?? [];
      expect(Number(seconds)).toBe(Math.floor(ms / 1000));
      expect(createHmac('sha256', Buffer.from(secret)).update(seconds).update('.').update(Buffer.from(body)).digest('hex')).toBe(mac);
    }),
  );
});
