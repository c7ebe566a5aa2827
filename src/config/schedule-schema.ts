import { z } from 'zod';
import { cronProblem } from '#domain/schedule/check-cron';
import { timezoneProblem } from '#domain/schedule/check-timezone';
import { duration, mustBeText, oneOrMore, strictObject } from './scalars.ts';

const cronForms = 'write a cron expression in quotes, for example "0 2 * * *", or a list of them';

const CronText = z.string({ error: cronForms }).superRefine((expression, context) => {
  const message = cronProblem(expression);
  if (message !== null) context.addIssue({ code: 'custom', message });
});

/** `schedule` of a policy, as written. */
export const ScheduleEntry = strictObject(
  {
    cron: oneOrMore(CronText, cronForms)
      .transform((expressions) => expressions.map((expression) => expression.trim().replace(/\s+/g, ' ')))
      .optional()
      .describe('Cron expression of 5 fields, or 6 with seconds first, or a list of them.'),
    timezone: z
      .string({ error: mustBeText('timezone') })
      .superRefine((name, context) => {
        const message = timezoneProblem(name);
        if (message !== null) context.addIssue({ code: 'custom', message });
      })
      .optional()
      .describe('IANA name of the zone in which cron is read.'),
    spread: duration().optional().describe('Each volume waits a fixed share of this, from a hash of its id.'),
    catchUp: z
      .enum(['none', 'latest', 'all'], { error: 'write none, latest or all' })
      .optional()
      .describe('Which due times missed while nothing ran are started later.'),
    catchUpWindow: duration().optional().describe('How late a missed due time may still start.'),
  },
  'schedule',
).describe('When to take snapshots.');
export type ScheduleEntry = z.output<typeof ScheduleEntry>;
