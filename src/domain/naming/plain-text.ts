const beyondBmp = /[\u{10000}-\u{10FFFF}]/gu;
/**
 * Control and format characters (among them those that turn the writing direction), half surrogates, private use and
 * unassigned ones, line separators: Cinder 21.3.1 refuses them in a description.
 */
const unprintable = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * Text as a cloud takes it for a name: without letters outside the Basic Multilingual Plane (Cinder 21.3.1 answers 500
 * to them), without control and format characters, and without blanks at the ends (Cinder cuts them).
 */
export function plainText(text: string): string {
  return text.replace(beyondBmp, '').replace(unprintable, '').trim();
}

/** The first character outside the Basic Multilingual Plane; null where there is none. */
export function firstBeyondBmp(text: string): string | null {
  return /[\u{10000}-\u{10FFFF}]/u.exec(text)?.[0] ?? null;
}
