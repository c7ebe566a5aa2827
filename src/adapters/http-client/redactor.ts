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

export function createRedactor(): Redactor {
  const secrets = new Map<string, readonly string[]>();

  function mask(text: string): string {
    let out = text;
    for (const spellings of secrets.values()) {
      for (const spelling of spellings) if (out.includes(spelling)) out = out.replaceAll(spelling, MASK);
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

function encode(secret: string): string {
  try {
    return encodeURIComponent(secret);
  } catch {
    return secret; // Half a surrogate pair cannot be encoded, nor sent.
  }
}
