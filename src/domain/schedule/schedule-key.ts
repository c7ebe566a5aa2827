import { createHash } from 'node:crypto';
import type { CronTimes } from './fire-times.ts';

/**
 * A short name for the due times of a schedule: equal for the same expressions in the same zone, whatever their order
 * and blanks, so that a change of anything else in a policy (metadata, retention) is told from a change of its times.
 * 16 lower-case hex digits.
 */
export function scheduleKey(times: CronTimes): string {
  const expressions = new Set(times.cron.map((expression) => expression.trim().replace(/\s+/g, ' ')));
  const text = JSON.stringify([times.timezone, ...[...expressions].toSorted()]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
