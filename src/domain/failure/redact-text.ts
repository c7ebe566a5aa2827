const MASK = '[redacted]';

/** A `canonicalRequest` dump repeats the signed headers, security token included (API gateway, APIGW.0301). */
const signatureDump = /canonical_?request[\s\S]*$/i;
const bearer = /\b(bearer|basic)\s+[\w+/.~=-]{6,}/gi;
const namedSecret =
  /(["']?(?:x-)?(?:[\w-]{0,32}[_-])?(?:auth[_-]?token|subject[_-]?token|security[_-]?token|securitytoken|token|authorization|passwords?|passwd|pwd|secrets?|secret[_-]?key|access[_-]?key|private[_-]?key|api[_-]?key|signature|credentials?)["']?\s*[:=]\s*)("[^"]*"?|'[^']*'?|[^\s,;}&]+)/gi;
/** User and password of a URL. */
const userInfo = /\b([a-z][a-z\d+.-]{1,20}:\/\/)[^\s/@"'<>]{1,512}@/gi;
const fernet = /gAAAA[\w-]{16,}=*/g;
/** Tokens, keys and signatures are long runs; ids (32 hex digits, 36 with dashes) are shorter. */
const longRun = /[\w+/=-]{40,}/g;
/** The path of a URL. Base64 has capitals, and a hash is longer than any of a path's parts. */
const plainPath = /^(?=.*\/)[a-z\d_-]{0,36}(?:\/[a-z\d_-]{0,36})+$/;
const oneLetter = /^(.)\1*$/;
const dashedIds = /^(?:[\w]+[-_])?[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** Replaces what looks like a token, key, password or signature in a text of the cloud by `[redacted]`. */
export function redactText(text: string): string {
  return text
    .replace(signatureDump, `canonicalRequest ${MASK}`)
    .replace(userInfo, (_all, scheme: string) => `${scheme}${MASK}@`)
    .replace(bearer, (_all, scheme: string) => `${scheme} ${MASK}`)
    .replace(namedSecret, (_all, name: string) => `${name}${MASK}`)
    .replace(fernet, MASK)
    .replace(longRun, (run) => (dashedIds.test(run) || oneLetter.test(run) || plainPath.test(run) ? run : MASK));
}

/** One line of at most `maxLength` characters (UTF-16 units): control characters and runs of blanks become one blank. */
export function boundedLine(text: string, maxLength: number): string {
  // eslint-disable-next-line no-control-regex -- control characters are what this takes out
  const line = text.replace(/[\s\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  if (line.length <= maxLength) return line;
  return `${line.slice(0, maxLength - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
