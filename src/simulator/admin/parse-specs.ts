import { isObject, stringMap, type JsonObject } from '../http/json-value.ts';
import type { DelayRange, RateLimit, SimulatorSettings, SnapshotSpec, VolumeSpec } from '../options.ts';

export function parseVolumeSpec(value: unknown): VolumeSpec {
  const object = objectOf(value);
  return {
    ...texts(object, ['id', 'name', 'status', 'availabilityZone', 'volumeType', 'description']),
    ...numbers(object, ['size', 'createdAt']),
    ...(object['metadata'] === undefined ? {} : { metadata: stringMap(object['metadata']) }),
    ...(object['tags'] === undefined ? {} : { tags: stringMap(object['tags']) }),
  };
}

export function parseSnapshotSpec(value: unknown): SnapshotSpec {
  const object = objectOf(value);
  const volume = object['volume'];
  if (typeof volume !== 'string') throw new RangeError('volume must be an id or a name');
  return {
    volume,
    ...texts(object, ['id', 'name', 'description', 'status']),
    ...numbers(object, ['createdAt']),
    ...(object['metadata'] === undefined ? {} : { metadata: stringMap(object['metadata']) }),
    ...(object['autoMade'] === true ? { autoMade: true } : {}),
  };
}

/** Only what is given; unknown names are refused, so that a misspelt setting does not go unnoticed. */
export function parseSettings(value: unknown): Partial<SimulatorSettings> {
  const changes: Partial<SimulatorSettings> = {};
  for (const [name, setting] of Object.entries(objectOf(value))) {
    switch (name) {
      case 'snapshotsPerVolume':
      case 'projectSnapshotQuota':
      case 'projectGigabytesQuota':
        changes[name] = setting === null ? null : numberOf(name, setting);
        break;
      case 'creation':
      case 'deletion':
        changes[name] = rangeOf(name, setting);
        break;
      case 'visibilityDelayMs':
        changes.visibilityDelayMs = numberOf(name, setting);
        break;
      case 'latencyMs':
        changes.latencyMs = Object.fromEntries(Object.entries(objectOf(setting)).map(([key, ms]) => [key, numberOf(key, ms)]));
        break;
      case 'rateLimit':
        changes.rateLimit = setting === null ? null : rateLimitOf(setting);
        break;
      case 'legacyCreationDisabled':
        changes.legacyCreationDisabled = setting === true;
        break;
      default:
        throw new RangeError(`unknown setting: ${name}`);
    }
  }
  return changes;
}

function rateLimitOf(value: unknown): RateLimit {
  const object = objectOf(value);
  const retryAfter = object['retryAfter'];
  const known = retryAfter === 'seconds' || retryAfter === 'date' || retryAfter === 'none';
  return {
    requests: numberOf('requests', object['requests']),
    perMs: numberOf('perMs', object['perMs']),
    ...(known ? { retryAfter } : {}),
    ...(Array.isArray(object['methods']) ? { methods: object['methods'].map(String) } : {}),
  };
}

function rangeOf(name: string, value: unknown): DelayRange {
  const object = objectOf(value);
  return { minMs: numberOf(`${name}.minMs`, object['minMs']), maxMs: numberOf(`${name}.maxMs`, object['maxMs']) };
}

function objectOf(value: unknown): JsonObject {
  if (!isObject(value)) throw new RangeError('an object is wanted');
  return value;
}

function numberOf(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new RangeError(`${name} must be a number, 0 or more`);
  return value;
}

function texts<K extends string>(object: JsonObject, names: readonly K[]): Partial<Record<K, string>> {
  const found: Partial<Record<K, string>> = {};
  for (const name of names) {
    const value = object[name];
    if (typeof value === 'string') found[name] = value;
    else if (value !== undefined && value !== null) throw new RangeError(`${name} must be a string`);
  }
  return found;
}

function numbers<K extends string>(object: JsonObject, names: readonly K[]): Partial<Record<K, number>> {
  const found: Partial<Record<K, number>> = {};
  for (const name of names) if (object[name] !== undefined) found[name] = numberOf(name, object[name]);
  return found;
}
