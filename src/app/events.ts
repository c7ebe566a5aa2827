import type { FailureKind } from '#domain/failure/failure';
import type { EndedOutcome, RunCounts, Trigger } from '#domain/run';
import type { DurationMs, Instant } from '#domain/time';

/** `error`: someone has to act. `warn`: it may come to that. `info`: the course of things. `debug`: to follow one run. `trace`: what was said word for word. */
export type EventLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

interface FiringFields {
  readonly policy: string;
  readonly target: string;
  readonly due: Instant;
}

interface RunFields extends FiringFields {
  readonly runId: string;
  readonly volumeId: string;
}

interface DeleteFields extends RunFields {
  readonly snapshotId: string;
  /** `expired`, `failed` (never became good) or `duplicate`. */
  readonly cause: string;
  /** Why it was to be deleted, in full. */
  readonly reasons: readonly string[];
}

interface NotificationFields {
  /** Its name under `notifications`, or `heartbeat`. */
  readonly receiver: string;
  /** The event told of, or `heartbeat`. */
  readonly about: string;
  readonly policy: string | null;
  /** Of the URL nothing else is told: its path may be a secret. */
  readonly host: string | null;
  readonly httpStatus: number | null;
  readonly attempt: number;
}

interface FailureFields {
  readonly kind: FailureKind;
  readonly httpStatus: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string;
  readonly requestId: string | null;
}

/** The first of many names, and how many there are. */
export interface BoundedNames {
  readonly count: number;
  readonly names: readonly string[];
}

/** Secrets are taken out of every part, and long parts are cut. */
interface ApiDumpFields {
  readonly target: string;
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string | null;
  /** Null, with what follows, where no complete answer came. */
  readonly httpStatus: number | null;
  readonly responseHeaders: Readonly<Record<string, string>> | null;
  readonly responseBody: string | null;
  readonly durationMs: number;
}

/** Every event with its fields: the contract between what happens and what logs and metrics say of it. */
export interface EventFields {
  'service.started': { readonly version: string; readonly role: string; readonly instance: string; readonly redis: string; readonly url: string; readonly durationMs: number; readonly timezoneData: string };
  'service.stopped': { readonly durationMs: number; readonly complete: boolean };
  'config.reloaded': {
    readonly policies: number;
    readonly targets: number;
    readonly revision: string;
    readonly policiesAdded: BoundedNames | null;
    readonly policiesRemoved: BoundedNames | null;
    readonly policiesChanged: BoundedNames | null;
    readonly targetsAdded: BoundedNames | null;
    readonly targetsRemoved: BoundedNames | null;
    readonly targetsChanged: BoundedNames | null;
    readonly notificationsChanged: boolean;
    /** Policies whose next due time is another now: `nightly 2026-11-25T02:00:00Z`, or `nightly never`. */
    readonly nextDueChanged: BoundedNames | null;
  };
  'config.refused': { readonly problems: number; readonly errorMessage: string };
  'config.warning': { readonly file: string; readonly line: number; readonly path: string; readonly errorMessage: string };
  'redis.unavailable': { readonly errorMessage: string };
  'redis.available': { readonly outageMs: number };
  'redis.warning': { readonly errorMessage: string };
  'policy.due': FiringFields & { readonly trigger: Trigger; readonly lagMs: number };
  'policy.missed': { readonly policy: string; readonly count: number; readonly first: Instant; readonly last: Instant; readonly result: 'missed' | 'paused' };
  'policy.start_failed': { readonly policy: string; readonly target: string } & FailureFields;
  'firing.planned': FiringFields & { readonly trigger: Trigger; readonly volumes: number; readonly lagMs: number };
  'firing.plan_failed': FiringFields & FailureFields;
  'firing.finished': FiringFields & { readonly trigger: Trigger; readonly runs: RunCounts; readonly durationMs: number };
  'run.queued': RunFields & { readonly plannedAt: Instant; readonly startsAt: Instant };
  'snapshot.requested': RunFields & { readonly attempt: number; readonly force: boolean };
  'snapshot.accepted': RunFields & { readonly snapshotId: string; readonly attempt: number; readonly requestId: string | null };
  'snapshot.adopted': RunFields & { readonly snapshotId: string; readonly attempt: number };
  'snapshot.available': RunFields & { readonly snapshotId: string; readonly requestedAt: Instant | null; readonly durationMs: DurationMs };
  'snapshot.failed': RunFields & { readonly snapshotId: string; readonly requestedAt: Instant | null; readonly attempt: number; readonly errorMessage: string };
  'snapshot.duplicate': RunFields & { readonly snapshotId: string; readonly keptSnapshotId: string };
  'run.attempt_failed': RunFields & FailureFields & { readonly attempt: number };
  'run.retry': RunFields & FailureFields & { readonly attempt: number; readonly delayMs: number };
  'run.waiting': RunFields & { readonly reason: string; readonly delayMs: number };
  'run.failed': RunFields & FailureFields & { readonly attempt: number };
  'run.skipped': RunFields & { readonly reason: string };
  'run.abandoned': RunFields & { readonly snapshotId: string | null; readonly reason: string };
  'run.ended': FiringFields & { readonly outcome: EndedOutcome; readonly durationMs: number };
  'state.rebuilt': { readonly policy: string; readonly target: string; readonly due: Instant; readonly volumes: number };
  'prune.deleted': DeleteFields & { readonly durationMs: number };
  'prune.kept': { readonly policy: string; readonly target: string; readonly volumeId: string; readonly snapshotId: string; readonly reasons: readonly string[] };
  'prune.failed': DeleteFields & { readonly httpStatus: number | null; readonly errorCode: string; readonly errorMessage: string; readonly requestId: string | null };
  'prune.braked': { readonly policy: string; readonly target: string; readonly reason: string; readonly expired: number; readonly good: number; readonly revision: string };
  'prune.postponed': { readonly target: string; readonly httpStatus: number | null; readonly errorCode: string; readonly errorMessage: string; readonly requestId: string | null };
  'prune.undecided': { readonly policy: string; readonly target: string; readonly volumeId: string };
  'prune.orphans': { readonly policy: string; readonly target: string; readonly volumes: number; readonly snapshots: number; readonly orphans: string };
  'run.interrupted': { readonly target: string; readonly runId: string; readonly errorMessage: string };
  'run.recovered': { readonly target: string; readonly count: number };
  'auth.renewed': { readonly target: string; readonly expiresAt: Instant | null };
  'auth.failed': { readonly target: string; readonly httpStatus: number | null; readonly errorCode: string | null; readonly errorMessage: string; readonly requestId: string | null };
  'target.throttled': { readonly target: string; readonly delayMs: number };
  'target.unprotected': { readonly target: string; readonly volumes: number; readonly of: number; readonly examples: readonly string[] };
  'target.survey_failed': { readonly target: string } & FailureFields;
  'metrics.cut': { readonly metric: string; readonly most: number };
  'api.called': { readonly target: string; readonly operation: string; readonly httpStatus: number | null; readonly errorCode: string | null; readonly durationMs: number; readonly requestId: string | null };
  'api.dumped': ApiDumpFields;
  'http.failed': { readonly method: string; readonly route: string; readonly errorMessage: string };
  'worker.draining': { readonly active: number; readonly drainMs: number };
  'notification.sent': NotificationFields & { readonly durationMs: number };
  'notification.retry': NotificationFields & { readonly errorMessage: string; readonly delayMs: number };
  'notification.failed': NotificationFields & { readonly errorMessage: string };
  'notification.dropped': { readonly receiver: string; readonly about: string; readonly policy: string | null };
  'record.unreadable': { readonly policy: string; readonly target: string; readonly due: Instant; readonly errorMessage: string };
  'process.crashed': { readonly errorMessage: string; readonly stack: readonly string[] };
  'traces.failed': { readonly errorMessage: string };
  'loop.failed': { readonly loop: string; readonly errorMessage: string; readonly restartMs: number };
}

export type EventName = keyof EventFields;

/** How loud each event is and the constant sentence its log line carries. What varies is in the fields. */
export const EVENTS: { readonly [N in EventName]: { readonly level: EventLevel; readonly message: string } } = {
  'service.started': { level: 'info', message: 'snapkeep is running' },
  'service.stopped': { level: 'info', message: 'snapkeep has stopped' },
  'config.reloaded': { level: 'info', message: 'policy files are in force' },
  'config.refused': { level: 'error', message: 'policy files were refused, the last good ones stay in force' },
  'config.warning': { level: 'warn', message: 'a policy file is valid but probably not what is meant' },
  'redis.unavailable': { level: 'error', message: 'Redis does not answer, retrying' },
  'redis.available': { level: 'info', message: 'Redis answers' },
  'redis.warning': { level: 'warn', message: 'Redis is set up in a way that can lose state' },
  'policy.due': { level: 'info', message: 'a due time has come' },
  'policy.missed': { level: 'warn', message: 'due times passed without a firing' },
  'policy.start_failed': { level: 'error', message: 'the snapshots of a policy without a record could not be listed; it does not fire before, retrying' },
  'firing.planned': { level: 'info', message: 'all runs of a firing are queued' },
  'firing.plan_failed': { level: 'error', message: 'the volumes of a firing could not be listed, retrying' },
  'firing.finished': { level: 'info', message: 'all runs of a firing have ended' },
  'run.queued': { level: 'debug', message: 'a run is queued' },
  'snapshot.requested': { level: 'debug', message: 'asking the cloud for a snapshot' },
  'snapshot.accepted': { level: 'info', message: 'the cloud is making the snapshot' },
  'snapshot.adopted': { level: 'warn', message: 'found the snapshot of an earlier try and took it over' },
  'snapshot.available': { level: 'info', message: 'the snapshot is good' },
  'snapshot.failed': { level: 'warn', message: 'the cloud accepted the snapshot and then failed to make it' },
  'snapshot.duplicate': { level: 'warn', message: 'deleted a second snapshot of the same run' },
  'run.attempt_failed': { level: 'debug', message: 'a try failed' },
  'run.retry': { level: 'warn', message: 'a try failed, the next one is planned' },
  'run.waiting': { level: 'debug', message: 'the run waits' },
  'run.failed': { level: 'error', message: 'no snapshot was made' },
  'run.skipped': { level: 'warn', message: 'the run was not tried' },
  'run.abandoned': { level: 'error', message: 'the deadline passed and the outcome is unknown' },
  'run.ended': { level: 'debug', message: 'a run has ended' },
  'state.rebuilt': { level: 'warn', message: 'the record of a policy was lost and is rebuilt from its snapshots; the history before is gone' },
  'prune.deleted': { level: 'info', message: 'a snapshot is deleted' },
  'prune.kept': { level: 'debug', message: 'a snapshot stays' },
  'prune.failed': { level: 'error', message: 'a snapshot was to be deleted and is still there' },
  'prune.braked': { level: 'error', message: 'too much would be deleted at once; nothing expires until prune --confirm or a changed policy' },
  'prune.postponed': { level: 'warn', message: 'the cloud does not let prune go on now, it is taken up again later' },
  'prune.undecided': { level: 'warn', message: 'the cloud lists no snapshot as new as the newest good one on record; nothing of the volume expires' },
  'prune.orphans': { level: 'info', message: 'the policy has snapshots of volumes that are gone' },
  'run.interrupted': { level: 'warn', message: 'a run was cut off by an unexpected error and will be taken up again' },
  'run.recovered': { level: 'warn', message: 'runs that the queue had lost are queued again' },
  'auth.renewed': { level: 'info', message: 'logged in' },
  'auth.failed': { level: 'error', message: 'the cloud refuses the credentials' },
  'target.throttled': { level: 'warn', message: 'the cloud asks for fewer requests, the target slows down' },
  'target.unprotected': { level: 'warn', message: 'volumes of the target are matched by no policy' },
  'target.survey_failed': { level: 'warn', message: 'the volumes of a target could not be listed to find those that no policy matches, retrying' },
  'metrics.cut': { level: 'warn', message: 'there are more volumes than series of a metric may be; the rest is left out' },
  'api.called': { level: 'debug', message: 'the cloud answered' },
  'api.dumped': { level: 'trace', message: 'a call to the cloud and its answer, without secrets' },
  'http.failed': { level: 'error', message: 'a request over HTTP failed' },
  'worker.draining': { level: 'info', message: 'stopping: no new run is taken' },
  'notification.sent': { level: 'debug', message: 'a receiver was told' },
  'notification.retry': { level: 'warn', message: 'a receiver could not be told, the next try is planned' },
  'notification.failed': { level: 'error', message: 'a receiver was not told, and no further try is made' },
  'notification.dropped': { level: 'error', message: 'a receiver that takes no calls has as many waiting as may, and is not told of this' },
  'record.unreadable': { level: 'error', message: 'the record of a run cannot be read and is left out' },
  'process.crashed': { level: 'error', message: 'an error that nobody expected ends the process' },
  'traces.failed': { level: 'warn', message: 'the collector did not take spans; told once a minute at most' },
  'loop.failed': { level: 'error', message: 'an inner loop failed and is started again' },
};
