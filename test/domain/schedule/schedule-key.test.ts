import { describe, expect, it } from 'vitest';
import { scheduleKey } from '#domain/schedule/schedule-key';

describe('scheduleKey', () => {
  const key = scheduleKey({ cron: ['0 2 * * *', '0 14 * * *'], timezone: 'UTC' });

  it('is short, stable and blind to order, blanks and repeats', () => {
    expect(key).toMatch(/^[0-9a-f]{16}$/);
    expect(scheduleKey({ cron: ['0  14 * * *', ' 0 2 * * *', '0 2 * * *'], timezone: 'UTC' })).toBe(key);
  });

  it.each([
    { cron: ['0 2 * * *'], timezone: 'UTC' },
    { cron: ['0 2 * * *', '0 14 * * *'], timezone: 'Europe/Berlin' },
    { cron: ['0 2 * * *', '0 15 * * *'], timezone: 'UTC' },
  ])('tells a changed schedule: %j', (times) => {
    expect(scheduleKey(times)).not.toBe(key);
  });
});
