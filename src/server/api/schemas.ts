import { z } from 'zod';
import { FAILURE_KINDS } from '#domain/failure/failure';
import { OUTCOMES } from '#domain/run';

/** The shapes of all answers: what is sent passes through them, and the OpenAPI document is made from them. */

const At = z.string().meta({ format: 'date-time', description: 'UTC, ISO 8601 with Z' });
const Count = z.int().min(0);
const Outcome = z.enum(OUTCOMES).meta({ description: '`pending`: not ended; `skipped`: not tried; `abandoned`: the deadline passed with the outcome unknown' });
const Trigger = z.enum(['schedule', 'catch-up', 'manual']);
const Runs = z.object(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, Count])) as Record<(typeof OUTCOMES)[number], typeof Count>);

export const ErrorView = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

export const StatusAnswer = z.object({
  policies: z.array(
    z.object({
      policy: z.string(),
      target: z.string(),
      paused: z.boolean(),
      nextDue: At.nullable(),
      rpoSeconds: z.number(),
      rpoLagSeconds: z.number().nullable().meta({ description: 'Of the worst volume' }),
      volumes: Count,
      overdueVolumes: z.array(z.object({ id: z.string(), name: z.string().nullable(), rpoLagSeconds: z.number(), reason: z.string() })),
      pruneBraked: z.string().nullable().meta({ description: 'Why nothing of the policy expires until somebody confirms it' }),
      lastFiring: z.object({ due: At, trigger: Trigger, runs: Runs }).nullable(),
    }),
  ),
});

const said = { httpStatus: z.int().nullable(), code: z.string().nullable(), requestId: z.string().nullable() };

export const RunAnswer = z.object({
  id: z.string(),
  policy: z.string(),
  target: z.string(),
  volumeId: z.string(),
  volumeName: z.string().nullable(),
  due: At,
  trigger: Trigger,
  outcome: Outcome,
  snapshotId: z.string().nullable(),
  snapshotName: z.string().nullable(),
  adopted: z.boolean().meta({ description: 'An earlier try had made the snapshot; it was found and taken over' }),
  finishedAt: At.nullable(),
  failure: z.object({ kind: z.enum([...FAILURE_KINDS, 'skipped']), ...said, message: z.string() }).nullable(),
  attempts: z.array(z.object({ at: At, result: z.enum(['accepted', 'adopted', 'failed', 'unknown', 'throttled', 'error']), ...said, message: z.string().nullable() })),
});

export const RunsAnswer = z.object({ runs: z.array(RunAnswer), next: z.string().nullable().meta({ description: 'Goes on where this answer ends, as `after`' }) });

export const GridAnswer = z.object({
  policy: z.string(),
  firings: z.array(z.object({ id: z.string(), due: At, trigger: Trigger, finishedAt: At.nullable(), runs: Runs })).meta({ description: 'Newest first' }),
  volumes: z
    .array(
      z.object({
        id: z.string(),
        name: z.string().nullable(),
        overdue: z.boolean(),
        lastGoodAt: At.nullable(),
        cells: z.array(z.object({ run: z.string(), outcome: Outcome }).nullable()).meta({ description: 'One for each firing, in their order; null where it had no run of this volume' }),
      }),
    )
    .meta({ description: 'The worst first' }),
  total: Count,
  matched: Count,
  next: z.string().nullable(),
});

export const OverviewAnswer = z.object({
  instance: z.string(),
  policies: z.array(
    z.object({
      policy: z.string(),
      target: z.string(),
      paused: z.boolean(),
      cron: z.array(z.string()),
      timezone: z.string(),
      nextDue: At.nullable(),
      rpoSeconds: z.number(),
      volumes: Count,
      overdue: Count,
      withoutSnapshot: Count,
      lagSince: At.nullable().meta({ description: 'What the lag of the worst volume counts from' }),
      firings: z.array(z.object({ due: At, trigger: Trigger, finishedAt: At.nullable(), runs: Runs })).meta({ description: 'At most 30, newest first' }),
    }),
  ),
});

export const QueuesAnswer = z.object({ queues: z.array(z.object({ target: z.string(), waiting: Count, delayed: Count, active: Count })) });

const Reasons = z.array(z.string());

export const PlanAnswer = z.object({
  from: At,
  to: At,
  dueTimes: z.array(z.object({ policy: z.string(), due: At, local: z.string().meta({ format: 'date-time', description: 'In the zone of the policy' }), note: z.string().nullable().meta({ description: 'What a clock change does to it' }) })),
  policies: z.array(
    z.object({
      policy: z.string(),
      target: z.string(),
      nextDue: At.nullable(),
      volumes: z.array(z.object({ id: z.string(), name: z.string().nullable(), snapshotName: z.string(), startsAt: At })),
      prune: z.array(z.object({ snapshotId: z.string(), volumeId: z.string(), createdAt: At.nullable(), action: z.enum(['keep', 'delete', 'ignore']), reasons: Reasons })),
      brake: z.string().nullable().meta({ description: 'Why prune would stop for somebody to confirm' }),
      apiCalls: Count.nullable(),
      estimatedSeconds: z.number().nullable(),
    }),
  ),
  unprotectedVolumes: z.array(z.object({ target: z.string(), id: z.string(), name: z.string().nullable() })),
  failedTargets: z.array(z.object({ target: z.string(), message: z.string() })).meta({ description: 'Targets that did not list everything: their policies are planned without volumes' }),
  warnings: z.array(z.string()),
});

const Pruned = z.object({ snapshotId: z.string(), volumeId: z.string(), reasons: Reasons });

export const PruneAnswer = z.object({
  dryRun: z.boolean(),
  policies: z.array(
    z.object({
      policy: z.string(),
      braked: z.boolean().meta({ description: 'Too many would have gone at once: nothing was deleted until somebody confirms' }),
      brakeReason: z.string().nullable(),
      deleted: z.array(Pruned),
      kept: z.array(Pruned),
      failed: z.array(z.object({ snapshotId: z.string(), volumeId: z.string(), httpStatus: z.int().nullable(), code: z.string().nullable(), message: z.string() })),
    }),
  ),
});

export const TriggerAnswer = z.object({ policy: z.string(), due: At, firingId: z.string() });
export const PauseAnswer = z.object({ policy: z.string(), paused: z.literal(true) });
export const ResumeAnswer = z.object({ policy: z.string(), paused: z.literal(false), caughtUp: At.nullable().meta({ description: 'The due time that is made up for' }) });

/** By the name they have in the OpenAPI document. */
export const answers = {
  Error: ErrorView,
  Status: StatusAnswer,
  Run: RunAnswer,
  Runs: RunsAnswer,
  Grid: GridAnswer,
  Overview: OverviewAnswer,
  Queues: QueuesAnswer,
  Plan: PlanAnswer,
  Prune: PruneAnswer,
  Trigger: TriggerAnswer,
  Pause: PauseAnswer,
  Resume: ResumeAnswer,
} as const;
export type AnswerName = keyof typeof answers;
