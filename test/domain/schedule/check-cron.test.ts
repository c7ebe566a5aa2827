import { describe, expect, it } from 'vitest';
import { cronProblem, cronWarning } from '#domain/schedule/check-cron';

describe('cronProblem', () => {
  it.each([
    '0 2 * * *',
    '30 2,14 * * *',
    '*/10 * * * * *',
    '0 2 L * *',
    '0 2 LW * *',
    '0 2 15W * *',
    '0 2 * * 5#2',
    '0 2 * * FRI#L',
    '0 2 1-7 * +MON',
    '0 2 29 2 *',
    '0 2 * jan-mar mon-fri',
    '0 2 * * 0-7',
    '0 2 ? * MON',
    '  0  2 * * * ',
  ])('takes %j', (cron) => {
    expect(cronProblem(cron)).toBeNull();
  });

  it.each<[cron: string, cure: string]>([
    ['', 'write five fields'],
    ['   ', 'write five fields'],
    ['2026-11-24', 'is a date'],
    ['2026-11-24T02:00:00Z', 'is a date'],
    ['@DAILY', '"0 0 * * *"'],
    ['@weekly', '"0 0 * * 0"'],
    ['@reboot', 'no due times'],
    ['@every 10m', '"*/5 * * * *"'],
    ['2', 'has 1 field;'],
    ['0 2 * *', 'has 4 fields;'],
    ['0 0 2 * * * 2027', 'has 7 fields;'],
    ['H H * * *', 'schedule.spread'],
    ['H/15 * * * *', 'schedule.spread'],
    ['0 2 L-3 * *', 'write L'],
    ['1/5 * * * *', '"1-59/5"'],
    ['0 2/6 * * *', '"2-23/6"'],
    ['5/10 0 2 * * *', '"5-59/10"'],
    ['/10 * * * *', '"*/10"'],
    ['60 * * * *', 'minute 60 does not exist; write a number from 0 to 59'],
    ['0 24 * * *', 'hour 24 does not exist; write a number from 0 to 23'],
    ['0 0 24 * * *', 'hour 24 does not exist; write a number from 0 to 23'],
    ['0 0 32 * *', 'day of month 32 does not exist; write a number from 1 to 31'],
    ['0 0 0 * *', 'day of month 0 does not exist; write a number from 1 to 31'],
    ['0 0 * 0 *', 'month 0 does not exist; write a number from 1 to 12'],
    ['0 0 * * 8', 'day of week 8 does not exist; write a number from 0 to 7'],
    ['0 20-30 * * *', 'hour 30 does not exist'],
    ['0 22-6 * * *', '"22-23,0-6"'],
    ['a b c d e', 'illegal characters; write five fields'],
    ['0 3 30 2 *', 'never occurs'],
    ['0 3 31 2,4,6,9,11 *', 'never occurs'],
  ])('refuses %j and says what would be right', (cron, cure) => {
    expect(cronProblem(cron)).toContain(cure);
  });
});

describe('cronWarning', () => {
  it('names the expression and the one for both days', () => {
    const warning = cronWarning('0 3 1-7 * MON');

    expect(warning).toContain('"0 3 1-7 * MON"');
    expect(warning).toContain('"0 3 1-7 * +MON"');
  });

  it.each(['0 3 1-7 * +MON', '0 3 1-7 * *', '0 3 * * MON', '0 3 ? * MON', '0 3 * * *'])('says nothing of %j', (cron) => {
    expect(cronWarning(cron)).toBeNull();
  });
});
