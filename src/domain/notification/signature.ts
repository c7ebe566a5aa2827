import { createHmac } from 'node:crypto';
import type { Instant } from '../time.ts';

/** The header that carries `signatureOf`. */
export const SIGNATURE_HEADER = 'x-snapkeep-signature';

/**
 * `t=<unix seconds>,v1=<hex>`, where hex is the HMAC-SHA256 of `<t>.<body>` under the receiver's secret, body and secret as
 * UTF-8. The time is when this try is sent, so that a receiver can refuse an old message that somebody sends again.
 */
export function signatureOf(secret: string, body: string, at: Instant): string {
  const seconds = Math.floor(at / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
