import { gatewayRefusal, type Refusal } from '../http/refusal.ts';
import { headerText, type CloudRequest } from '../http/request.ts';
import type { SimulatorClock } from '../state/clock.ts';
import { parseSdkDate } from '../state/clock.ts';
import type { AccessKey } from '../options.ts';
import { canonicalRequest, parseSignatureHeader, sameSignature, signatureFor, type SignedRequest } from './signature.ts';

/** A request may be so old or so far ahead (gateway error APIGW.0303). */
const maxSkewMs = 15 * 60 * 1000;
/** After so many failures in a row the key is locked for so long (API signing guide, error codes). */
const maxFailures = 5;
const lockMs = 5 * 60 * 1000;

interface Failures {
  count: number;
  lockedUntilMs: number;
}

/** The API gateway's check of signed requests. */
export class SignatureCheck {
  readonly #clock: SimulatorClock;
  readonly #keys = new Map<string, AccessKey & { readonly expiresAtMs: number }>();
  readonly #failures = new Map<string, Failures>();

  constructor(clock: SimulatorClock, keys: readonly AccessKey[]) {
    this.#clock = clock;
    for (const key of keys) this.addKey(key, Number.POSITIVE_INFINITY);
  }

  addKey(key: AccessKey, expiresAtMs: number): void {
    this.#keys.set(key.accessKey, { ...key, expiresAtMs });
  }

  /** Why the request is refused, or undefined when its signature is good. */
  refusal(request: CloudRequest): Refusal | undefined {
    const nowMs = this.#clock.now();
    const header = parseSignatureHeader(headerText(request, 'authorization') ?? '');
    if (header === undefined) return unauthorized('APIGW.0301', 'Incorrect IAM authentication information: malformed authorization');
    const failures = this.#failures.get(header.access) ?? { count: 0, lockedUntilMs: 0 };
    if (nowMs < failures.lockedUntilMs) {
      return unauthorized('APIGW.0301', `Incorrect IAM authentication information: AK ${header.access} is locked`);
    }
    const key = this.#keys.get(header.access);
    if (key === undefined) {
      return unauthorized('APIGW.0301', `Incorrect IAM authentication information: Get secretKey failed,ak:${header.access},err:ak not exist`);
    }
    const dateMs = parseSdkDate(headerText(request, 'x-sdk-date') ?? '');
    if (dateMs === undefined || Math.abs(nowMs - dateMs) > maxSkewMs) {
      return unauthorized('APIGW.0303', 'Incorrect app authentication information: x-sdk-date is out of the allowed 15 minutes');
    }
    const problem = this.#problem(request, header, key, nowMs);
    if (problem === undefined) {
      this.#failures.delete(header.access);
      return undefined;
    }
    failures.count += 1;
    if (failures.count >= maxFailures) {
      failures.count = 0;
      failures.lockedUntilMs = nowMs + lockMs;
    }
    this.#failures.set(header.access, failures);
    return unauthorized('APIGW.0301', `Incorrect IAM authentication information: ${problem}`);
  }

  #problem(
    request: CloudRequest,
    header: { readonly signedHeaders: readonly string[]; readonly signature: string },
    key: AccessKey & { readonly expiresAtMs: number },
    nowMs: number,
  ): string | undefined {
    if (nowMs >= key.expiresAtMs) return 'security token expires';
    if (key.securityToken !== undefined && headerText(request, 'x-security-token') !== key.securityToken) {
      return 'verify aksk signature fail, security token invalid';
    }
    // Left unsigned, either could be changed on the way.
    if (!header.signedHeaders.includes('x-sdk-date')) return 'verify aksk signature fail, x-sdk-date is not signed';
    if (!header.signedHeaders.includes('host')) return 'verify aksk signature fail, host is not signed';
    const signed: SignedRequest = {
      method: request.method,
      rawPath: request.rawPath,
      rawQuery: request.rawQuery,
      headers: Object.fromEntries(Object.keys(request.headers).map((name) => [name, headerText(request, name)])),
      body: request.body,
    };
    if (sameSignature(signatureFor(signed, header.signedHeaders, key.secretKey), header.signature)) return undefined;
    const canonical = canonicalRequest(signed, header.signedHeaders).replaceAll('\n', '|');
    return `verify aksk signature fail, canonicalRequest:${canonical}`;
  }
}

function unauthorized(code: string, message: string): Refusal {
  return gatewayRefusal(401, code, message);
}
