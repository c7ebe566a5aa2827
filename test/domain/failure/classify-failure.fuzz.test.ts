import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CallFacts } from '#domain/failure/call-facts';
import { TRANSPORT_CODES } from '#domain/failure/call-facts';
import { classifyFailure } from '#domain/failure/classify-failure';
import { knownCodes } from '#domain/failure/code-table';
import { FAILURE_KINDS } from '#domain/failure/failure';
import { instant } from '#domain/time';

const CANARY = 'canary-5ecret';
const words = fc.constantFrom(...knownCodes(), 'EVS.5400', 'EVS.5404', '404', 'badRequest', 'nonsense', 'EVS.99999999999', CANARY);
const phrases = fc.constantFrom('current status is: in-use.', 'current status is: creating', 'rate-limited', 'quota', 'limit:1,time:1 minute', CANARY, '\n', '<b>', `token=${CANARY}`);
const message = fc.oneof(fc.string({ maxLength: 300 }), fc.array(phrases, { maxLength: 6 }).map((parts) => parts.join(' ')), fc.constant(null), fc.integer());
const shape = fc.oneof(
  fc.record({ error: fc.record({ code: fc.oneof(words, fc.integer()), message }) }),
  fc.record({ error_code: words, error_msg: message, request_id: fc.string() }),
  fc.dictionary(fc.constantFrom('badRequest', 'overLimit', 'overLimitFault', 'itemNotFound', 'x'), fc.record({ code: fc.oneof(words, fc.integer()), message, details: message })),
  fc.jsonValue({ maxDepth: 4 }),
);
const body = fc.oneof(shape.map((value) => JSON.stringify(value) ?? ''), fc.string({ unit: 'binary', maxLength: 500 }), shape.map((value) => `<html><title>${JSON.stringify(value)}`), shape.map((value) => (JSON.stringify(value) ?? '').slice(0, 20)));
const header = fc.option(fc.oneof(fc.string({ maxLength: 100 }), fc.constantFrom('0', '7', 'Tue, 24 Nov 2026 02:00:30 GMT', CANARY)));
const outcome: fc.Arbitrary<CallFacts['outcome']> = fc.oneof(
  { arbitrary: fc.record({ type: fc.constant('answer' as const), status: fc.integer({ min: 100, max: 999 }), body, requestId: header, retryAfter: header }), weight: 8 },
  fc.record({ type: fc.constant('unreadable' as const), status: fc.integer({ min: 200, max: 299 }), body, requestId: header, detail: fc.string() }),
  fc.record({ type: fc.constant('lost' as const), phase: fc.constantFrom('connect' as const, 'sent' as const, 'headers' as const, 'body' as const), code: fc.constantFrom(...TRANSPORT_CODES), detail: fc.string() }),
);

it('whatever a cloud answers, the failure is whole, bounded, on one line and without secrets', () => {
  fc.assert(
    fc.property(outcome, fc.boolean(), fc.option(fc.boolean()), (facts, creates, force) => {
      const failure = classifyFailure({ outcome: facts, creates, force, now: instant(0), redact: (text) => text.replaceAll(CANARY, '***') });
      expect(FAILURE_KINDS).toContain(failure.kind);
      expect(failure.code).toMatch(/^[A-Za-z][A-Za-z0-9_.]{1,30}$/);
      expect(failure.message.length).toBeLessThanOrEqual(500);
      expect([...failure.message].every((char) => char >= ' ')).toBe(true);
      expect(JSON.stringify(failure)).not.toContain(CANARY);
      expect(failure.retryAfterMs ?? 0).toBeGreaterThanOrEqual(0);
      const wasSent = facts.type !== 'lost' || facts.phase !== 'connect';
      expect(failure.outcomeUnknown && !(creates && wasSent)).toBe(false);
    }),
    { numRuns: 5_000 },
  );
});
