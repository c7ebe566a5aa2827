import type { Flavour } from '../options.ts';
import { badRequest } from '../http/refusal.ts';
import { isObject, type JsonObject } from '../http/json-value.ts';
import { pythonRepr } from './python-text.ts';
import {
  checkMetadata,
  checkPrintable,
  checkText,
  envelope,
  invalidField,
  refuseFourByteLetters,
  refuseUnknownKeys,
  textLimits,
} from './validate-body.ts';

export interface CreateInput {
  /** As sent, maybe in capitals or without dashes; null was sent as null. */
  readonly volumeId: string | null;
  readonly name: string | null;
  readonly description: string | null;
  /** Undefined when absent: newer microversions tell that from false. */
  readonly force: boolean | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What counts as a boolean, in the order in which Cinder lists it. */
const trueWords = ['True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', 'y', 't'];
const falseWords = ['False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no', 'n', 'f'];

const uuidPattern = /^(?:[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/i;

export function looksLikeUuid(text: string): boolean {
  return uuidPattern.test(text);
}

/**
 * Checks the body of a snapshot create in the order of Cinder's own schema: first name, description, volume_id,
 * force and metadata, then what is missing, then what is too much (texts seen on Cinder 21.3.1).
 */
export function validateCreate(body: unknown, flavour: Flavour): CreateInput {
  const limits = textLimits(flavour);
  const snapshot = envelope(body, 'snapshot', (inner) => {
    checkText(inner, 'name', limits.name, flavour);
    checkText(inner, 'description', limits.description, flavour);
    checkPrintable(inner, 'description', flavour);
    checkVolumeId(inner, flavour);
    checkForce(inner);
    checkMetadata(inner, 'metadata', flavour);
    if (!Object.hasOwn(inner, 'volume_id')) {
      throw invalidField('snapshot', inner, "'volume_id' is a required property");
    }
    refuseUnknownKeys(inner, ['name', 'description', 'volume_id', 'force', 'metadata'], 'snapshot');
  });
  const name = textOrNull(snapshot['name'])?.trim() ?? null;
  const description = textOrNull(snapshot['description'])?.trim() ?? null;
  const metadata = isObject(snapshot['metadata'])
    ? Object.fromEntries(Object.entries(snapshot['metadata']).map(([key, value]) => [key, String(value)]))
    : {};
  refuseFourByteLetters(flavour, [name, description, ...Object.values(metadata)]);
  return { volumeId: textOrNull(snapshot['volume_id']), name, description, force: forceOf(snapshot), metadata };
}

function checkVolumeId(snapshot: JsonObject, flavour: Flavour): void {
  if (!Object.hasOwn(snapshot, 'volume_id')) return;
  const value = snapshot['volume_id'];
  if (value === null || (typeof value === 'string' && looksLikeUuid(value))) return;
  // The format error of the EVS error code table; Cinder tells of its schema.
  if (flavour === 'evs') throw badRequest('invalid volume id!', 'EVS.1002');
  throw invalidField('volume_id', value, `${pythonRepr(value)} is not valid under any of the given schemas`);
}

function checkForce(snapshot: JsonObject): void {
  if (!Object.hasOwn(snapshot, 'force')) return;
  const value = snapshot['force'];
  if (typeof value !== 'boolean' && typeof value !== 'string') {
    throw invalidField('force', value, `${pythonRepr(value)} is not of type 'boolean', 'string'`);
  }
  if (typeof value === 'string' && !trueWords.includes(value) && !falseWords.includes(value)) {
    const allowed = pythonRepr([true, ...trueWords, false, ...falseWords]);
    throw invalidField('force', value, `${pythonRepr(value)} is not one of ${allowed}`);
  }
}

function forceOf(snapshot: JsonObject): boolean | undefined {
  const value = snapshot['force'];
  if (value === undefined) return undefined;
  return value === true || (typeof value === 'string' && trueWords.includes(value));
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
