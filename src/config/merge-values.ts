import type { PolicyValues } from './policy-schema.ts';

/**
 * The values of a policy over those of `defaults`: mappings are merged key by key, anything else is replaced as a
 * whole, lists too. A heartbeat is replaced as a whole: its secret is one of two kinds.
 */
export function mergeValues(defaults: PolicyValues, policy: PolicyValues): PolicyValues {
  const merged: PolicyValues = { ...defaults, ...withoutUndefined(policy) };
  if (defaults.schedule !== undefined && policy.schedule !== undefined) merged.schedule = over(defaults.schedule, policy.schedule);
  if (defaults.volumes !== undefined && policy.volumes !== undefined) merged.volumes = over(defaults.volumes, policy.volumes);
  if (defaults.snapshot !== undefined && policy.snapshot !== undefined) merged.snapshot = over(defaults.snapshot, policy.snapshot);
  if (defaults.retention !== undefined && policy.retention !== undefined) merged.retention = over(defaults.retention, policy.retention);
  if (defaults.retry !== undefined && policy.retry !== undefined) merged.retry = over(defaults.retry, policy.retry);
  return merged;
}

function over<T extends object>(lower: T, upper: T): T {
  const merged: T = { ...lower, ...withoutUndefined(upper) };
  for (const key of keysOf(upper)) {
    const below = lower[key];
    const above = upper[key];
    if (isMapping(below) && isMapping(above)) merged[key] = over(below, above);
  }
  return merged;
}

function keysOf<T extends object>(value: T): (keyof T)[] {
  return Object.keys(value).filter((key): key is Extract<keyof T, string> => key in value);
}

function isMapping(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutUndefined<T extends object>(value: T): Partial<T> {
  const kept: Partial<T> = { ...value };
  for (const key of keysOf(value)) if (value[key] === undefined) delete kept[key];
  return kept;
}
