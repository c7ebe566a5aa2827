import { instant } from '../time.ts';
import { parseTemplate } from './name-template.ts';
import type { TemplatePart } from './name-template.ts';
import { firstBeyondBmp, plainText } from './plain-text.ts';
import {
  compactDue,
  LEAST_VOLUME_LENGTH,
  MAX_DESCRIPTION_LENGTH,
  MAX_NAME_LENGTH,
  RESERVED_NAME_PREFIX,
} from './snapshot-name.ts';

/** Due times that a template is tried with: winter and summer, in case a way to write them ever depends on it. */
const triedDueTimes = [Date.UTC(2026, 0, 15, 2), Date.UTC(2026, 6, 15, 2)].map((ms) => compactDue(instant(ms)));
const volumeIdLength = 36;

/** Where a template is used, which decides how long its result may be. */
export type TemplateUse = 'name' | 'description';

/**
 * What is wrong with a template whatever the policy: unknown placeholders, braces without a partner, characters a cloud
 * does not take. Null where it is good; how long it can get is for `templateLengthProblem`.
 */
export function templateProblem(template: string, use: TemplateUse): string | null {
  const parsed = parseTemplate(template);
  if ('problem' in parsed) return parsed.problem;
  const astral = firstBeyondBmp(template);
  if (astral !== null) {
    return `"${astral}" is outside the Basic Multilingual Plane and makes a Cinder answer 500; leave it out`;
  }
  if (plainText(`|${template}|`) !== `|${template}|`) return 'a control character or line break stands in the text; leave it out';
  if (use === 'name' && plainText(template) === '') return 'the name is empty; write for example "{policy}-{volume}-{due}"';
  return null;
}

/**
 * Whether what a good template yields can be too long, with the length it would reach, or begin with the reserved
 * prefix; null where it cannot. Text from volume names is cut to what is left, so each counts with the least it needs.
 */
export function templateLengthProblem(
  template: string,
  use: TemplateUse,
  values: { readonly policy: string; readonly instance: string },
): string | null {
  const parsed = parseTemplate(template);
  if ('problem' in parsed) return parsed.problem;
  const limit = use === 'name' ? MAX_NAME_LENGTH : MAX_DESCRIPTION_LENGTH;
  for (const due of triedDueTimes) {
    const lengths = parsed.parts.map((part) => partLength(part, values, due));
    const reached = lengths.reduce((sum, length) => sum + length, 0);
    if (reached > limit) {
      return `the ${use} would reach ${reached} characters for policy "${values.policy}", and ${limit} is the limit; shorten the text by ${reached - limit}, or use {volume} (cut to fit) instead of {volumeId}`;
    }
  }
  const first = parsed.parts[0];
  const beginning = first === undefined ? '' : 'text' in first ? first.text.trimStart() : '';
  if (use === 'name' && beginning.toLowerCase().startsWith(RESERVED_NAME_PREFIX)) {
    return `a name may not begin with ${RESERVED_NAME_PREFIX}, which the cloud keeps for backups; begin it with another word, for example "{policy}-{volume}-{due}"`;
  }
  return null;
}

function partLength(part: TemplatePart, values: { policy: string; instance: string }, due: string): number {
  if ('text' in part) return part.text.length;
  switch (part.placeholder) {
    case 'policy':
      return values.policy.length;
    case 'instance':
      return values.instance.length;
    case 'volumeId':
      return volumeIdLength;
    case 'volume':
      return LEAST_VOLUME_LENGTH;
    case 'due':
      return due.length;
  }
}
