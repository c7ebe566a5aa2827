import { createHash } from 'node:crypto';

/**
 * `n` and 32 lower-case hex digits, equal for equal parts on every machine: the id of a notice, and of the job that carries
 * one. BullMQ takes it as a job id: it has no colon and is never like an integer.
 */
export function noticeId(parts: readonly (string | number | readonly (readonly [string, number])[])[]): string {
  return `n${createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)}`;
}
