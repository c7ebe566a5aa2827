import { PASSING_STATUSES } from '../volume-status.ts';

/** What a refusal says of the state the volume or snapshot is in. */
export type StateRefusal =
  /** It passes by itself. */
  | { readonly type: 'passing' }
  | { readonly type: 'in-use' }
  /** It stays until somebody does something. */
  | { readonly type: 'lasting' };

const currentStatus = /current status is:?\s*["']?([a-z][\w-]*)/i;
const inStatus = /\bis in ["']?([a-z][\w-]*)["']? (?:status|state|mode)\b/i;
const mustBe = /\bstatus must be\b|\bmust be (?:available|in-use)\b|\bcurrent status\b/i;
const beingMade = /\bsnapshots?\b.{0,80}\b(?:is|are) (?:still )?being (?:created|made)\b|\b(?:is|are) (?:still )?creating (?:a |another )?snapshot\b|\banother snapshot\b.{0,60}\b(?:progress|creat)/i;

/**
 * Reads a refusal of a state out of its text, for both families answer one status (400) to a lasting fault and a passing one
 * (seen on Cinder 21.3.1, Zed; EVS API reference, EVS.5400). Null where the text is not about a state.
 */
export function readStateRefusal(message: string): StateRefusal | null {
  if (beingMade.test(message)) return { type: 'passing' };
  const word = (currentStatus.exec(message) ?? inStatus.exec(message))?.[1]?.toLowerCase();
  if (word === undefined) return mustBe.test(message) ? { type: 'passing' } : null;
  if (word === 'in-use') return { type: 'in-use' };
  if (word.startsWith('error') || word === 'awaiting-transfer') return { type: 'lasting' };
  // A word that neither list knows is waited for where it names something going on.
  // `deleting`, too: it ends in a 404, which then decides.
  return { type: PASSING_STATUSES.has(word) || word.includes('ing') ? 'passing' : 'lasting' };
}
