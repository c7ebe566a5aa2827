/**
 * All keys of one instance. The braces make them one hash slot of a Redis Cluster, together with the queues (which get
 * the same prefix), so that a script may touch several at once.
 */
export function keyPrefix(instance: string): string {
  return `{snapkeep:${instance}}`;
}

export interface Keys {
  readonly policy: (name: string) => string;
  readonly firing: (id: string) => string;
  readonly runsOf: (firingId: string) => string;
  readonly inUse: string;
  readonly paused: string;
  readonly requests: string;
  readonly open: string;
  readonly ended: string;
  readonly history: string;
  readonly historyOf: (policy: string) => string;
  readonly watched: (target: string) => string;
  readonly hold: (target: string, volumeId: string) => string;
  readonly lease: (name: string) => string;
  readonly good: (policy: string) => string;
  readonly seen: (policy: string) => string;
  readonly dated: (policy: string) => string;
  readonly toPrune: (target: string) => string;
  readonly deleting: (target: string) => string;
  readonly brakes: string;
  readonly pace: (target: string) => string;
  readonly surveys: string;
  readonly noticesSince: string;
  readonly toldOverdue: (policy: string) => string;
}

export function keysOf(instance: string): Keys {
  const prefix = keyPrefix(instance);
  return {
    policy: (name) => `${prefix}:policy:${name}`,
    firing: (id) => `${prefix}:f:${id}`,
    runsOf: (id) => `${prefix}:f:${id}:runs`,
    inUse: `${prefix}:in-use`,
    paused: `${prefix}:paused`,
    requests: `${prefix}:requests`,
    open: `${prefix}:open`,
    ended: `${prefix}:ended`,
    history: `${prefix}:history`,
    historyOf: (policy) => `${prefix}:history:${policy}`,
    watched: (target) => `${prefix}:watched:${target}`,
    hold: (target, volumeId) => `${prefix}:hold:${target}:${volumeId}`,
    lease: (name) => `${prefix}:lease:${name}`,
    good: (policy) => `${prefix}:good:${policy}`,
    seen: (policy) => `${prefix}:seen:${policy}`,
    dated: (policy) => `${prefix}:dated:${policy}`,
    toPrune: (target) => `${prefix}:to-prune:${target}`,
    deleting: (target) => `${prefix}:deleting:${target}`,
    brakes: `${prefix}:brakes`,
    pace: (target) => `${prefix}:pace:${target}`,
    surveys: `${prefix}:surveys`,
    noticesSince: `${prefix}:notices-since`,
    toldOverdue: (policy) => `${prefix}:told-overdue:${policy}`,
  };
}
