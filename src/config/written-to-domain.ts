import { longestGap } from '#domain/schedule/longest-gap';
import type { NotificationTarget, Policy, RetentionRules, VolumeMatch } from '#domain/policy';
import type { Target, TargetAuth } from '#domain/target';
import { durationMs, SECOND } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import { defaultSnapshotsPerVolume, NOTIFICATION_DEFAULTS, POLICY_DEFAULTS, TARGET_DEFAULTS } from './default-values.ts';
import type { NotificationEntry, PolicyValues } from './policy-schema.ts';
import { revisionOf } from './revision.ts';
import { LONGEST_DURATION } from './scalars.ts';
import type { TargetEntry } from './target-schema.ts';
import type { VolumesEntry } from './volume-schema.ts';

/** A target with everything filled in. */
export function targetOf(entry: TargetEntry): Target {
  return {
    name: entry.name,
    api: entry.api,
    endpoint: entry.endpoint,
    projectId: entry.projectId,
    auth: authOf(entry.auth),
    limits: {
      requestsPerSecond: entry.limits?.requestsPerSecond ?? TARGET_DEFAULTS.requestsPerSecond,
      concurrentCreates: entry.limits?.concurrentCreates ?? TARGET_DEFAULTS.concurrentCreates,
      snapshotsPerVolume: entry.limits?.snapshotsPerVolume ?? defaultSnapshotsPerVolume(entry.api),
    },
    caFile: entry.caFile ?? null,
    timeout: entry.timeout ?? TARGET_DEFAULTS.timeout,
  };
}

function authOf(auth: TargetEntry['auth']): TargetAuth {
  switch (auth.type) {
    case 'password':
      return {
        type: 'password',
        identityEndpoint: auth.identityEndpoint,
        username: auth.username,
        domain: auth.domain ?? null,
        userDomain: auth.userDomain ?? null,
        projectDomain: auth.projectDomain ?? null,
        projectName: auth.projectName ?? null,
        password: auth.password,
        agency: auth.agency ?? null,
      };
    case 'aksk':
      return { type: 'aksk', accessKey: auth.accessKey, secretKey: auth.secretKey, securityToken: auth.securityToken ?? null };
    case 'token':
      return { type: 'token', token: auth.token };
  }
}

/** What a policy cannot do without, once `defaults` are merged in. */
export type CompleteValues = PolicyValues & {
  readonly target: string;
  readonly schedule: { readonly cron: readonly string[] };
  readonly volumes: VolumesEntry;
};

/**
 * A policy with everything filled in. The revision covers what is written, not what is filled in, so it stays the same
 * when the default RPO moves with the calendar. `now` is where the coming year of that RPO begins.
 */
export function policyOf(name: string, values: CompleteValues, now: Instant): Policy {
  const { schedule, snapshot, retention, retry, volumes } = values;
  const times = { cron: schedule.cron, timezone: schedule.timezone ?? POLICY_DEFAULTS.timezone };
  return {
    name,
    target: values.target,
    paused: values.paused ?? POLICY_DEFAULTS.paused,
    schedule: {
      ...times,
      spread: schedule.spread ?? POLICY_DEFAULTS.spread,
      catchUp: schedule.catchUp ?? POLICY_DEFAULTS.catchUp,
      catchUpWindow: schedule.catchUpWindow ?? POLICY_DEFAULTS.catchUpWindow,
    },
    volumes: { ids: volumes.ids ?? [], match: matchOf(volumes.match), exclude: matchOf(volumes.exclude) },
    snapshot: {
      name: snapshot?.name ?? POLICY_DEFAULTS.snapshotName,
      description: snapshot?.description === undefined || snapshot.description === '' ? null : snapshot.description,
      force: snapshot?.force ?? POLICY_DEFAULTS.force,
      metadata: snapshot?.metadata ?? {},
    },
    retention: retention === undefined ? null : retentionOf(retention),
    retry: {
      attempts: retry?.attempts ?? POLICY_DEFAULTS.attempts,
      backoff: {
        initial: retry?.backoff?.initial ?? POLICY_DEFAULTS.backoffInitial,
        max: retry?.backoff?.max ?? POLICY_DEFAULTS.backoffMax,
      },
      grace: retry?.grace ?? POLICY_DEFAULTS.grace,
      deadline: retry?.deadline ?? POLICY_DEFAULTS.deadline,
    },
    rpo: values.rpo ?? defaultRpo(longestGap(times, now)),
    heartbeat: values.heartbeat ?? null,
    revision: revisionOf({ name, ...values }),
  };
}

/** Rounded up to whole seconds. A schedule with a single due time left has no gap: nothing after it can be missed. */
function defaultRpo(gap: DurationMs | null): DurationMs {
  const { numerator, denominator } = POLICY_DEFAULTS.rpoPerGap;
  if (gap === null) return LONGEST_DURATION;
  return durationMs(Math.ceil((gap * numerator) / denominator / SECOND) * SECOND);
}

function retentionOf(written: NonNullable<PolicyValues['retention']>): RetentionRules {
  const none = POLICY_DEFAULTS.retentionCount;
  return {
    last: written.last ?? none,
    hourly: written.hourly ?? none,
    daily: written.daily ?? none,
    weekly: written.weekly ?? none,
    monthly: written.monthly ?? none,
    yearly: written.yearly ?? none,
    within: written.within ?? POLICY_DEFAULTS.retentionWithin,
    orphans: written.orphans ?? POLICY_DEFAULTS.orphans,
  };
}

function matchOf(written: VolumesEntry['match']): VolumeMatch | null {
  if (written === undefined) return null;
  const { name, tags, metadata, availabilityZone, status } = written;
  return {
    ...(name === undefined ? {} : { name }),
    ...(tags === undefined ? {} : { tags }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(availabilityZone === undefined ? {} : { availabilityZone }),
    ...(status === undefined ? {} : { status: status.map((each) => each.toLowerCase()) }),
  };
}

/** A notification with everything filled in. */
export function notificationOf(entry: NotificationEntry): NotificationTarget {
  return {
    name: entry.name,
    url: entry.url,
    format: entry.format ?? NOTIFICATION_DEFAULTS.format,
    secret: entry.secret ?? null,
    events: entry.events ?? NOTIFICATION_DEFAULTS.events,
    policies: entry.policies ?? NOTIFICATION_DEFAULTS.policies,
  };
}
