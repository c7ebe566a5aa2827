import { z } from 'zod';
import { durationMs, SECOND } from '#domain/time';
import { duration, mustBeText, Name, Secret, strictObject, text, wholeNumber } from './scalars.ts';
import { ScheduleEntry } from './schedule-schema.ts';
import { SnapshotEntry } from './snapshot-schema.ts';
import { TargetEntry } from './target-schema.ts';
import { VolumesEntry } from './volume-schema.ts';

const maxKept = 100_000;
const kept = (what: string) => wholeNumber(0, maxKept).optional().describe(what);

const RetentionEntry = strictObject(
  {
    last: kept('Keep this many of the newest.'),
    hourly: kept('Keep the newest of each of this many hours.'),
    daily: kept('Keep the newest of each of this many days.'),
    weekly: kept('Keep the newest of each of this many ISO weeks.'),
    monthly: kept('Keep the newest of each of this many months.'),
    yearly: kept('Keep the newest of each of this many years.'),
    within: duration().optional().describe('Keep everything younger than this, counted back from the newest good snapshot.'),
    orphans: z
      .enum(['keep', 'expire'], { error: 'write keep or expire' })
      .optional()
      .describe('What becomes of the snapshots of a volume that is gone: keep them, or let the rules expire them.'),
  },
  'retention',
).describe('What to keep: a snapshot stays if any rule keeps it. Absent, or nothing but zeros: keep all.');

const RetryEntry = strictObject(
  {
    attempts: wholeNumber(1, 100).optional().describe('Tries in all, the first included.'),
    backoff: strictObject(
      {
        initial: duration(durationMs(1)).optional().describe('Wait before the second try.'),
        max: duration(durationMs(1)).optional().describe('Longest wait between two tries.'),
      },
      'backoff',
    )
      .optional()
      .describe('Exponential with jitter; a Retry-After from the cloud wins.'),
    grace: duration().optional().describe('After a lost answer: no second create before this has passed and a last look found nothing.'),
    deadline: duration(SECOND).optional().describe('After the due time plus spread: give up, record, alert.'),
  },
  'retry',
).describe('What to do when a try fails.');

const shared = {
  target: text('target').optional().describe('Name of an entry of targets.'),
  paused: z.boolean({ error: 'paused is true or false, without quotes' }).optional().describe('A paused policy does not fire.'),
  schedule: ScheduleEntry.optional(),
  volumes: VolumesEntry.optional(),
  snapshot: SnapshotEntry.optional(),
  retention: RetentionEntry.optional(),
  retry: RetryEntry.optional(),
  rpo: duration(SECOND)
    .optional()
    .describe('How old the newest good snapshot of a volume may get. Absent: 1.1 times the longest gap between due times of the coming year.'),
  heartbeat: strictObject({ url: Secret }, 'heartbeat').optional().describe('Called after each fully good firing.'),
};

/** `defaults`, as written: the shape of a policy without its name. */
export const DefaultsEntry = strictObject(shared, 'defaults').describe('Values for every policy that does not say otherwise.');
/** What `defaults` and a policy have in common, once read: each key may be absent. */
export type PolicyValues = z.output<typeof DefaultsEntry>;

/** One entry of `policies`, as written. What is absent may stand in `defaults`; `policyOf` asks for what is absent in both. */
export const PolicyEntry = strictObject(
  { name: Name.describe('Name of the policy; 1 to 32 characters of a-z, 0-9 and hyphen.'), ...shared },
  'a policy',
).describe('What to back up, when, and how long to keep it.');
export type PolicyEntry = z.output<typeof PolicyEntry>;

const NotificationEvents = ['run.failed', 'volume.overdue', 'volume.recovered', 'prune.braked', 'config.refused'] as const;
const nameGlob = /^[a-z0-9*?-]{1,64}$/;

/** One entry of `notifications`, as written. */
export const NotificationEntry = strictObject(
  {
    name: Name.describe('Name of this receiver.'),
    url: Secret,
    format: z
      .enum(['cloudevents', 'slack'], { error: 'write cloudevents or slack' })
      .optional()
      .describe('Shape of the message.'),
    secret: Secret.optional().describe('Key with which messages are signed.'),
    events: z
      .array(z.enum(NotificationEvents, { error: `write one of ${NotificationEvents.join(', ')}` }), { error: 'events is a list' })
      .min(1, { error: `the list is empty; write one or more of ${NotificationEvents.join(', ')}` })
      .optional()
      .describe('Which events to send. Absent: all.'),
    policies: z
      .array(z.string({ error: mustBeText('a policy name') }).regex(nameGlob, { error: 'write the name of a policy; * and ? are globs' }), {
        error: 'policies is a list of policy names, for example ["*"]',
      })
      .min(1, { error: 'the list is empty; write policy names, or "*" for all' })
      .optional()
      .describe('Which policies to report on; * and ? are globs. Absent: all.'),
  },
  'a notification',
).describe('Who is told when something goes wrong.');
export type NotificationEntry = z.output<typeof NotificationEntry>;

/** A policy file, as written. */
export const PolicyFile = strictObject(
  {
    apiVersion: z.literal('snapkeep/v1', { error: 'write apiVersion: snapkeep/v1' }).describe('Version of this format.'),
    instance: Name.optional().describe('Who owns the snapshots; the same in every file of a directory, at least in one of them.'),
    targets: z.array(TargetEntry, { error: 'targets is a list; begin each entry with "- name:"' }).optional().describe('The cloud projects.'),
    defaults: DefaultsEntry.optional(),
    policies: z.array(PolicyEntry, { error: 'policies is a list; begin each entry with "- name:"' }).optional().describe('The policies.'),
    notifications: z
      .array(NotificationEntry, { error: 'notifications is a list; begin each entry with "- name:"' })
      .optional()
      .describe('Who is told when something goes wrong.'),
  },
  'a policy file',
);
export type PolicyFile = z.output<typeof PolicyFile>;
