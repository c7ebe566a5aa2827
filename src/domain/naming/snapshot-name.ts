import { createHash } from 'node:crypto';
import { isoSeconds } from '../time.ts';
import type { Instant } from '../time.ts';
import { parseTemplate } from './name-template.ts';
import type { TemplatePart } from './name-template.ts';
import { plainText } from './plain-text.ts';

/** Characters in a snapshot name (EVS API reference, create snapshot). Outside the BMP none is let in, so 192 bytes at most. */
export const MAX_NAME_LENGTH = 64;
/** Characters in a description (EVS API reference, create snapshot); 255 bytes at most. */
export const MAX_DESCRIPTION_LENGTH = 85;
/** Reserved for snapshots that backups make (EVS API reference, create snapshot). */
export const RESERVED_NAME_PREFIX = 'autobk_snapshot_';

/** Digits of the hash that stands for what was cut. */
const hashLength = 8;
/** The least room that {volume} needs: a short id, or the hash of a longer name. */
export const LEAST_VOLUME_LENGTH = hashLength;

/** What a template is filled with. */
export interface NameValues {
  readonly instance: string;
  readonly policy: string;
  readonly volumeId: string;
  /** Null or empty where the volume has none: then the first 8 characters of its id stand for it. */
  readonly volumeName: string | null;
  readonly due: Instant;
}

/** A due time as names show it: UTC, without separators, `20261124T020000Z`. */
export function compactDue(due: Instant): string {
  return isoSeconds(due).replaceAll('-', '').replaceAll(':', '');
}

/**
 * The name of the snapshot of one volume at one due time: at most 64 characters and 255 bytes, no control characters,
 * none outside the Basic Multilingual Plane, no blanks at the ends, never beginning with the reserved prefix, whatever
 * the volume is called. What is cut or dropped from a volume's name is replaced by a hash of name and id, so two volumes
 * with different names never come out alike. Equal for equal arguments. Nothing may be decided by it.
 */
export function snapshotName(template: string, values: NameValues): string {
  return render(template, values, MAX_NAME_LENGTH);
}

/** The description, filled from the same placeholders: at most 85 characters and 255 bytes, otherwise as `snapshotName`. */
export function snapshotDescription(template: string, values: NameValues): string {
  return render(template, values, MAX_DESCRIPTION_LENGTH);
}

function render(template: string, values: NameValues, limit: number): string {
  const parsed = parseTemplate(template);
  // A template that was not checked at load still yields a name: a snapshot matters more than what it is called.
  const parts: readonly TemplatePart[] = 'parts' in parsed ? parsed.parts : [{ text: template }];
  const volumeParts = parts.filter((part) => 'placeholder' in part && part.placeholder === 'volume').length;
  const fixed = parts.reduce((sum, part) => sum + (isVolume(part) ? 0 : fill(part, values, '').length), 0);
  const room = volumeParts === 0 ? 0 : Math.floor((limit - fixed) / volumeParts);
  const volume = volumeText(values, Math.max(room, LEAST_VOLUME_LENGTH));
  const whole = plainText(parts.map((part) => fill(part, values, volume)).join(''));
  return withoutReservedPrefix(shorten(whole, limit, whole));
}

function isVolume(part: TemplatePart): boolean {
  return 'placeholder' in part && part.placeholder === 'volume';
}

function fill(part: TemplatePart, values: NameValues, volume: string): string {
  if ('text' in part) return plainTextInside(part.text);
  switch (part.placeholder) {
    case 'volume':
      return volume;
    case 'volumeId':
      return plainText(values.volumeId);
    case 'policy':
      return plainText(values.policy);
    case 'instance':
      return plainText(values.instance);
    case 'due':
      return compactDue(values.due);
  }
}

/** Blanks next to a placeholder stay. */
function plainTextInside(text: string): string {
  return plainText(`|${text}|`).slice(1, -1);
}

function volumeText(values: NameValues, room: number): string {
  const raw = values.volumeName ?? '';
  const name = withoutReservedPrefix(plainText(raw));
  const identity = JSON.stringify([raw, values.volumeId]);
  if (name === '') return raw.trim() === '' ? shortId(values.volumeId) : shorten(shortHash(identity), room, identity);
  if (name === raw.trim()) return shorten(name, room, identity);
  // Something was dropped: without the hash, "a" and "a<emoji>" would come out alike.
  return withHash(name, room, identity);
}

function shortId(volumeId: string): string {
  return plainText(volumeId).slice(0, LEAST_VOLUME_LENGTH);
}

function shorten(text: string, limit: number, identity: string): string {
  return text.length <= limit ? text : withHash(text, limit, identity);
}

function withHash(text: string, limit: number, identity: string): string {
  const kept = text.slice(0, Math.max(0, limit - hashLength - 1)).trimEnd();
  const hash = shortHash(identity);
  return kept === '' ? hash.slice(0, limit) : `${kept}-${hash}`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, hashLength);
}

function withoutReservedPrefix(name: string): string {
  const isReserved = name.slice(0, RESERVED_NAME_PREFIX.length).toLowerCase() === RESERVED_NAME_PREFIX;
  return isReserved ? `${name.slice(0, 6)}-${name.slice(7)}` : name;
}
