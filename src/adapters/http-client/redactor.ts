import { redactText } from '#domain/failure/redact-text';

/** Knows the secrets in use and takes them out of every text that leaves the client. */
export interface Redactor {
  add(secret: string): void;
  /** Takes out the secrets in use and what looks like one. */
  redact(text: string): string;
  /** Takes out the secrets in use only: for text whose structure has to survive. */
  mask(text: string): string;
}

const MASK = '[redacted]';
const MAX_SECRETS = 64;
/** A shorter one would shred ordinary text, and protects nothing. */
const MIN_LENGTH = 4;
/** So much of a secret is as good as all of it, where a cloud (or we) cut a text in the middle of one. */
const PART_SHARE = 0.64;
const MIN_PART = 8;
/** What may follow where a text was cut, end of text aside. A longer word that only begins alike is left alone. */
const afterCut = /[\s"'<,;)}\]]/;

export function createRedactor(): Redactor {
  const secrets = new Map<string, readonly string[]>();

  function mask(text: string): string {
    let out = text;
    for (const spellings of secrets.values()) {
      for (const spelling of spellings) out = maskOne(out, spelling);
    }
    return out;
  }

  return {
    add(secret) {
      if (secret.length < MIN_LENGTH) return;
      secrets.delete(secret);
      secrets.set(secret, [...new Set([secret, JSON.stringify(secret).slice(1, -1), encode(secret), Buffer.from(secret).toString('base64')])]);
      const [oldest] = secrets.keys();
      if (secrets.size > MAX_SECRETS && oldest !== undefined) secrets.delete(oldest);
    },
    redact: (text) => redactText(mask(text)),
    mask,
  };
}

function maskOne(text: string, spelling: string): string {
  const part = spelling.slice(0, Math.max(MIN_PART, Math.ceil(spelling.length * PART_SHARE)));
  if (!text.includes(part)) return text;
  let out = text.replaceAll(spelling, MASK);
  for (let at = out.indexOf(part); at >= 0; at = out.indexOf(part, at + 1)) {
    let end = at + part.length;
    while (end < out.length && out[end] === spelling[end - at]) end += 1;
    if (end === out.length || afterCut.test(out[end] ?? '')) out = `${out.slice(0, at)}${MASK}${out.slice(end)}`;
  }
  return out;
}

function encode(secret: string): string {
  try {
    return encodeURIComponent(secret);
  } catch {
    return secret; // Half a surrogate pair cannot be encoded, nor sent.
  }
}
