import { Buffer } from 'node:buffer';
import type { Flavour } from '../options.ts';
import { badRequest, internalError, Refusal, serviceRefusal } from '../http/refusal.ts';
import { isObject, parseJsonBytes, type JsonObject } from '../http/json-value.ts';
import { headerText, type CloudRequest } from '../http/request.ts';
import { pythonRepr, pythonStr } from './python-text.ts';

/** Longest texts in characters (EVS: create snapshot, current limits; Cinder: seen on 21.3.1). */
export interface TextLimits {
  readonly name: number;
  readonly description: number;
}

export function textLimits(flavour: Flavour): TextLimits {
  return flavour === 'evs' ? { name: 64, description: 85 } : { name: 255, description: 255 };
}

/** Older EVS manuals count 255 bytes; the stricter of both is applied there. */
const evsMaxBytes = 255;
const metadataMaxBytes = 1_048_576;
const metadataValueMaxChars = 255;
const metadataKeyPattern = '^[a-zA-Z0-9-_:. /]{1,255}$';
const metadataKey = /^[a-zA-Z0-9\-_:. /]{1,255}$/;

/** The request's JSON, or the refusal that Cinder gives for what is none. */
export function jsonBody(request: CloudRequest, flavour: Flavour): unknown {
  const contentType = headerText(request, 'content-type');
  if (request.body.length === 0 || contentType === undefined) {
    throw flavour === 'cinder' ? internalError() : badRequest('Malformed request body');
  }
  if (contentType.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    throw new Refusal({ shape: 'cinder', status: 415, code: 'badMediaType', message: 'Unsupported Content-Type' });
  }
  const parsed = parseJsonBytes(request.body);
  if (parsed === undefined) throw badRequest('Malformed request body');
  return parsed.value;
}

export function invalidField(field: string, value: unknown, problem: string): Refusal {
  return badRequest(`Invalid input for field/attribute ${field}. Value: ${pythonStr(value)}. ${problem}`);
}

/** The object under the only allowed top-level key, checked by `check` before the top level itself is. */
export function envelope(body: unknown, key: string, check: (inner: JsonObject) => void): JsonObject {
  if (!isObject(body)) throw badRequest(`${pythonRepr(body)} is not of type 'object'`);
  const inner = body[key];
  const present = Object.hasOwn(body, key);
  if (present) {
    if (!isObject(inner)) throw invalidField(key, inner, `${pythonRepr(inner)} is not of type 'object'`);
    check(inner);
  }
  if (!present) throw badRequest(`'${key}' is a required property`);
  refuseUnknownKeys(body, [key], undefined);
  return isObject(inner) ? inner : {};
}

export function refuseUnknownKeys(object: JsonObject, known: readonly string[], field: string | undefined): void {
  const unknown = Object.keys(object).filter((key) => !known.includes(key));
  if (unknown.length === 0) return;
  const names = unknown.toSorted().map((key) => pythonRepr(key)).join(', ');
  const problem = `Additional properties are not allowed (${names} ${unknown.length === 1 ? 'was' : 'were'} unexpected)`;
  throw field === undefined ? badRequest(problem) : invalidField(field, object, problem);
}

/** A name or description: text or null, within the limits. */
export function checkText(object: JsonObject, field: string, maxChars: number, flavour: Flavour): void {
  if (!Object.hasOwn(object, field)) return;
  const value = object[field];
  if (value === null) return;
  if (typeof value !== 'string') throw invalidField(field, value, `${pythonRepr(value)} is not of type 'string', 'null'`);
  const tooLong = [...value].length > maxChars || (flavour === 'evs' && Buffer.byteLength(value) > evsMaxBytes);
  if (tooLong) throw invalidField(field, value, `${pythonRepr(value)} is too long`);
}

/** Cinder takes only what it holds printable, of the basic plane; no line break. Its message quotes a pattern of 1,010 characters. */
export function checkPrintable(object: JsonObject, field: string, flavour: Flavour): void {
  const value = object[field];
  if (flavour === 'evs' || typeof value !== 'string' || !/[\p{C}\p{Zl}\p{Zp}\u{10000}-\u{10FFFF}]/u.test(value)) return;
  throw invalidField(field, value, `${pythonRepr(value)} does not match '^[\\\\ -\\\\~…]*$'`);
}

/** A map of strings, or null. */
export function checkMetadata(object: JsonObject, field: string, flavour: Flavour): void {
  if (!Object.hasOwn(object, field)) return;
  const value = object[field];
  if (value === null) return;
  if (!isObject(value)) throw invalidField(field, value, `${pythonRepr(value)} is not of type 'object', 'null'`);
  if (flavour === 'evs' && Buffer.byteLength(JSON.stringify(value)) >= metadataMaxBytes) {
    throw badRequest('size of metadata is too large!', 'EVS.1005');
  }
  const entries = Object.entries(value);
  for (const [key, text] of entries.filter(([name]) => metadataKey.test(name))) {
    if (typeof text !== 'string') throw invalidField(key, text, `${pythonRepr(text)} is not of type 'string'`);
    if ([...text].length > metadataValueMaxChars) throw invalidField(key, text, `${pythonRepr(text)} is too long`);
  }
  const badKeys = entries.map(([key]) => key).filter((key) => !metadataKey.test(key));
  if (badKeys.length > 0) {
    const verb = badKeys.length === 1 ? 'does' : 'do';
    const names = badKeys.toSorted().map((key) => pythonRepr(key)).join(', ');
    throw invalidField(field, value, `${names} ${verb} not match any of the regexes: '${metadataKeyPattern}'`);
  }
  refuseSystemKeys(Object.keys(value), flavour);
}

/** Some keys belong to the system (EVS API reference, error EVS.5403 "metadata can not be operated"). */
export function refuseSystemKeys(keys: readonly string[], flavour: Flavour): void {
  if (flavour === 'evs' && keys.some((key) => key.startsWith('__system__'))) {
    throw serviceRefusal(403, 'metadata can not be operated', 'EVS.5403');
  }
}

/** Cinder's tables hold three-byte letters: anything longer ends in a 500 (seen on Cinder 21.3.1). */
export function refuseFourByteLetters(flavour: Flavour, texts: readonly (string | null)[]): void {
  if (flavour === 'cinder' && texts.some((text) => text !== null && /[\u{10000}-\u{10FFFF}]/u.test(text))) {
    throw internalError();
  }
}
