import { isObject } from '../http/json-value.ts';
import { operations, type Operation } from '../operation.ts';
import { isFaultCode } from './fault-presets.ts';
import type { FaultEffect, FaultRule } from './fault-rule.ts';

/** Effects that need nothing beside their name; they may be written as a plain string. */
const plainKinds = [
  'commit-then-504',
  'commit-then-reset',
  'reset-before',
  'hang',
  'snapshot-error',
  'snapshot-stuck',
  'delete-error',
  'delete-bounces',
  'token-expired',
  'html-502',
  'malformed-json',
  'truncated-body',
  'slow-body',
] as const;

type PlainKind = (typeof plainKinds)[number];

/** A rule from outside (a flag, the admin API). Throws a RangeError that says what is wrong. */
export function parseFault(value: unknown): FaultRule {
  if (!isObject(value)) throw new RangeError('a fault must be an object');
  const operation = value['operation'] ?? '*';
  if (!isOperation(operation)) throw new RangeError(`unknown operation: ${JSON.stringify(operation)}; known: ${operations.join(', ')}, *`);
  const { nth } = value;
  const range = Array.isArray(nth) ? pair(nth) : optionalNumber(value, 'nth');
  return {
    operation,
    effect: parseEffect(value['effect']),
    ...present('id', optionalText(value, 'id')),
    ...present('volume', volumePatterns(value['volume'])),
    ...present('nth', range),
    ...present('everyNth', optionalNumber(value, 'everyNth')),
    ...present('startAt', optionalNumber(value, 'startAt')),
    ...present('probability', optionalNumber(value, 'probability')),
    ...present('times', optionalNumber(value, 'times')),
    ...(value['perVolume'] === true ? { perVolume: true } : {}),
  };
}

function parseEffect(value: unknown): FaultEffect {
  if (typeof value === 'string') {
    if (isPlainKind(value)) return { kind: value };
    if (isFaultCode(value)) return { kind: 'code', code: value };
    throw new RangeError(`unknown effect: ${value}; known: respond, code, delay, ${plainKinds.join(', ')}`);
  }
  if (!isObject(value)) throw new RangeError('effect must be a string or an object');
  const kind = value['kind'];
  if (kind === 'respond') {
    const status = optionalNumber(value, 'status');
    if (status === undefined || status < 100 || status > 599) throw new RangeError('respond wants a status of 100 to 599');
    return { kind, status, ...present('body', value['body']), ...present('headers', textMap(value['headers'])) };
  }
  if (kind === 'code') {
    const code = optionalText(value, 'code');
    if (code === undefined || !isFaultCode(code)) throw new RangeError(`unknown code: ${String(code)}`);
    return {
      kind,
      code,
      ...present('message', optionalText(value, 'message')),
      ...present('status', optionalNumber(value, 'status')),
      ...present('headers', textMap(value['headers'])),
    };
  }
  if (kind === 'delay') {
    const delayMs = optionalNumber(value, 'delayMs');
    const commit = value['commit'];
    if (delayMs === undefined) throw new RangeError('delay wants delayMs');
    return { kind, delayMs, ...(commit === 'before' || commit === 'after' ? { commit } : {}) };
  }
  if (typeof kind !== 'string' || !isPlainKind(kind)) throw new RangeError(`unknown effect: ${String(kind)}`);
  if (kind === 'slow-body') return { kind, ...present('delayMs', optionalNumber(value, 'delayMs')) };
  const commitAfterMs = present('commitAfterMs', optionalNumber(value, 'commitAfterMs'));
  if (kind === 'hang') return { kind, ...commitAfterMs, ...(value['commit'] === true ? { commit: true } : {}) };
  if (kind === 'commit-then-504' || kind === 'commit-then-reset') return { kind, ...commitAfterMs };
  return { kind };
}

function isOperation(value: unknown): value is Operation | '*' {
  return value === '*' || operations.some((operation) => operation === value);
}

function isPlainKind(value: string): value is PlainKind {
  return plainKinds.some((kind) => kind === value);
}

/** The member, or none at all: optional properties must not be present as undefined. */
function present<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  const result: Partial<Record<K, V>> = {};
  if (value !== undefined) result[key] = value;
  return result;
}

function optionalText(object: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = object[key];
  if (value === undefined || typeof value === 'string') return value;
  throw new RangeError(`${key} must be a string`);
}

function optionalNumber(object: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const value = object[key];
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value) && value >= 0)) return value;
  throw new RangeError(`${key} must be a number, 0 or more`);
}

function pair(value: readonly unknown[]): readonly [number, number] {
  const [first, last] = value;
  if (value.length !== 2 || typeof first !== 'number' || typeof last !== 'number') throw new RangeError('nth must be a number or [from, to]');
  return [first, last];
}

function volumePatterns(value: unknown): string | readonly string[] | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new RangeError('volume must be a string or a list of strings');
}

function textMap(value: unknown): Record<string, string> | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) throw new RangeError('headers must be an object');
  return Object.fromEntries(Object.entries(value).map(([key, text]) => [key, String(text)]));
}
