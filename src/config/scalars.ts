import { z } from 'zod';
import { durationMs, formatDuration, parseDuration } from '#domain/time';
import type { DurationMs } from '#domain/time';
import type { SecretRef } from '#domain/target';
import { strictObject } from './strict-object.ts';

/** How a duration is written, for messages and editors. */
const durationForms = 'a number and a unit: 500ms, 30s, 15m, 6h, 7d or 2w';
/** A hundred years, the longest duration a file may hold. */
export const LONGEST_DURATION = durationMs(366 * 100 * 86_400_000);

/** Ends the message of every field that takes text; `issue-problems.ts` puts the quoted form there, as the file has it. */
export const QUOTE_CURE = 'put it into quotes';

/** The message for a field that takes text, and was given something else. */
export function mustBeText(what: string): string {
  return `${what} is text; ${QUOTE_CURE}`;
}

/** A name of a policy, target or instance. */
export const Name = z
  .string({ error: mustBeText('a name') })
  .regex(/^[a-z0-9-]{1,32}$/, {
    error: 'a name is 1 to 32 lower-case letters (a to z), digits and hyphens, for example nightly-db',
  });

/** A duration in milliseconds, written with its unit, from `least` to a hundred years. */
export function duration(least: DurationMs = durationMs(0)) {
  return z
    .string({ error: (issue) => durationMessage(issue.input) })
    .regex(/^\s*\d{1,9}(ms|s|m|h|d|w)\s*$/, { error: (issue) => durationMessage(issue.input) })
    .transform((written, context): DurationMs => {
      const parsed = parseDuration(written);
      if (parsed !== null && parsed >= least && parsed <= LONGEST_DURATION) return parsed;
      const bound = parsed !== null && parsed < least ? `at least ${formatDuration(least)}` : 'at most a hundred years';
      context.issues.push({ code: 'custom', message: `"${written.trim()}" is out of bounds; write ${bound}`, input: written });
      return z.NEVER;
    });
}

function durationMessage(input: unknown): string {
  if (typeof input !== 'string' && typeof input !== 'number') return `a duration is ${durationForms}`;
  const written = String(input).trim();
  if (/^\d+$/.test(written)) return `"${written}" has no unit; write ${written}s, ${written}m, ${written}h or ${written}d`;
  return `"${written}" is no duration; write ${durationForms}`;
}

/** A whole number from `least` to `most`, both included. */
export function wholeNumber(least: number, most: number) {
  const error = `write a whole number from ${least} to ${most}, without quotes`;
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error });
}

/** Text that is not empty. */
export function text(what: string) {
  return z.string({ error: mustBeText(what) }).trim().min(1, { error: `${what} is empty; write its value` });
}

/** An http or https URL without credentials, query or fragment; without a slash at the end. */
export function httpUrl(what: string, example: string) {
  const error = `${what} is an http or https URL without user, query and fragment, for example ${example}`;
  return z
    .string({ error })
    .refine((value) => isPlainHttpUrl(value), { error })
    .transform((value) => value.trim().replace(/\/+$/, ''));
}

function isPlainHttpUrl(value: string): boolean {
  const url = URL.canParse(value.trim()) ? new URL(value.trim()) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return false;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '' && /^https?:\/\//i.test(value.trim());
}

/** One value or a list of them, read as a list. */
export function oneOrMore<Item extends z.ZodType>(item: Item, error: string) {
  return z
    .union([item, z.array(item).min(1, { error: 'the list is empty; write at least one value' })], { error })
    .transform((value): z.output<Item>[] => (Array.isArray(value) ? value : [value]));
}

const secretForms = 'write { file: /path/to/secret } or { env: NAME_OF_VARIABLE }';

/**
 * Where a secret is read from. No message about it ever shows what stands in the file: a secret written by mistake must
 * not travel on into a log.
 */
export const Secret = z
  .strictObject(
    {
      file: z
        .string({ error: `file is the path of a file with the secret; ${secretForms}` })
        .min(1, { error: `file is the path of a file with the secret; ${secretForms}` })
        .optional()
        .describe('Path of a file that holds the secret; read again when it changes.'),
      env: z
        .string({ error: `env is the name of an environment variable; ${secretForms}` })
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: `env is the name of an environment variable, not its value; ${secretForms}` })
        .optional()
        .describe('Name of the environment variable that holds the secret.'),
    },
    { error: (issue) => (issue.code === 'unrecognized_keys' ? 'file, env' : `a secret never stands in a policy file; ${secretForms}`) },
  )
  .transform((value, context): SecretRef => {
    if (value.file !== undefined && value.env === undefined) return { file: value.file };
    if (value.env !== undefined && value.file === undefined) return { env: value.env };
    context.issues.push({ code: 'custom', message: `a secret has exactly one of file and env; ${secretForms}`, input: null });
    return z.NEVER;
  })
  .meta({ description: 'Where a secret is read from: a file or an environment variable, never inline text.' });

const secretKeys: ReadonlySet<PropertyKey> = new Set(['password', 'accessKey', 'secretKey', 'securityToken', 'token', 'secret', 'url']);
const plainKeys: ReadonlySet<PropertyKey> = new Set(['metadata', 'tags']);

/** Whether the value at the end of a path, or one above it, is a secret or may hold one. */
export function isSecretPath(path: readonly PropertyKey[]): boolean {
  return path.some((step) => secretKeys.has(step)) && !path.some((step) => plainKeys.has(step));
}

export { strictObject };
