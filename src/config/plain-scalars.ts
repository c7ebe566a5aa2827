/** A value that was read. */
export interface Found {
  readonly value: unknown;
}

/** Where a value inside brackets ends, too. */
interface FoundTo extends Found {
  readonly end: number;
}

/** On a line of its own: no colon that would make it a key, no quote or bracket at its beginning. */
const blockText = /^[A-Za-z0-9_./][\w./+@=,~ :*?()<>-]*$/;
/** Between brackets a comma ends it. */
const flowText = /[A-Za-z0-9_./][\w./+@=~ *?-]*/y;
const flowKey = /([A-Za-z_][\w-]*): +/y;
const noKey = /^(?:null|true|false|__proto__)$/i;
const blanks = / */y;

/** What YAML 1.2 (core schema) takes for a number; a whole number without sign and leading zero is read here, the others by the parser. */
const wholeNumber = /^(?:0|[1-9]\d{0,14})$/;
const number = /^(?:0o[0-7]+|0x[\da-fA-F]+|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** Nothing but blanks and maybe a comment, as what follows a value. */
export function isTail(text: string): boolean {
  return /^(?: *| +#.*)$/.test(text) || text.startsWith('#');
}

/** A quoted text without escapes, and what follows it on the line. */
export function quotedScalar(text: string): Found | undefined {
  const found = quotedAt(text, 0);
  return found !== undefined && isAfterValue(text, found.end) ? found : undefined;
}

/** A mapping or list in brackets, all on one line. */
export function flowValue(text: string): Found | undefined {
  const found = flowAt(text, 0);
  return found !== undefined && isAfterValue(text, found.end) ? found : undefined;
}

/** A scalar without quotes. */
export function plainScalar(text: string): Found | undefined {
  const comment = text.indexOf(' #');
  const written = (comment < 0 ? text : text.slice(0, comment)).replace(/ +$/, '');
  if (!blockText.test(written) || /:(?: |$)/.test(written)) return undefined;
  return resolved(written);
}

function isAfterValue(text: string, end: number): boolean {
  const rest = text.slice(end);
  return rest === '' || (rest.startsWith(' ') && isTail(rest));
}

function resolved(written: string): Found | undefined {
  switch (written) {
    case 'null':
    case 'Null':
    case 'NULL':
      return { value: null };
    case 'true':
    case 'True':
    case 'TRUE':
      return { value: true };
    case 'false':
    case 'False':
    case 'FALSE':
      return { value: false };
  }
  if (wholeNumber.test(written)) return { value: Number(written) };
  return number.test(written) ? undefined : { value: written };
}

function quotedAt(text: string, start: number): FoundTo | undefined {
  const quote = text[start] ?? '';
  const end = text.indexOf(quote, start + 1);
  if (end < 0) return undefined;
  const value = text.slice(start + 1, end);
  // A backslash escapes between double quotes, a second quote between single ones.
  if (quote === '"' ? value.includes('\\') : text[end + 1] === "'") return undefined;
  return { value, end: end + 1 };
}

function flowAt(text: string, start: number): FoundTo | undefined {
  switch (text[start]) {
    case '"':
    case "'":
      return quotedAt(text, start);
    case '{':
      return flowMapping(text, start);
    case '[':
      return flowList(text, start);
    default:
      return flowScalar(text, start);
  }
}

function flowScalar(text: string, start: number): FoundTo | undefined {
  const written = matchAt(flowText, text, start)?.[0];
  const found = written === undefined ? undefined : resolved(written.replace(/ +$/, ''));
  return written === undefined || found === undefined ? undefined : { ...found, end: start + written.length };
}

function flowList(text: string, start: number): FoundTo | undefined {
  const items: unknown[] = [];
  let at = afterBlanks(text, start + 1);
  if (text[at] === ']') return { value: items, end: at + 1 };
  for (;;) {
    const item = flowAt(text, at);
    if (item === undefined) return undefined;
    items.push(item.value);
    at = afterBlanks(text, item.end);
    if (text[at] === ']') return { value: items, end: at + 1 };
    if (text[at] !== ',') return undefined;
    at = afterBlanks(text, at + 1);
  }
}

function flowMapping(text: string, start: number): FoundTo | undefined {
  const entries: Record<string, unknown> = {};
  let at = afterBlanks(text, start + 1);
  if (text[at] === '}') return { value: entries, end: at + 1 };
  for (;;) {
    const key = matchAt(flowKey, text, at);
    const name = key?.[1];
    if (key === null || name === undefined || noKey.test(name) || Object.hasOwn(entries, name)) return undefined;
    const value = flowAt(text, at + key[0].length);
    if (value === undefined) return undefined;
    entries[name] = value.value;
    at = afterBlanks(text, value.end);
    if (text[at] === '}') return { value: entries, end: at + 1 };
    if (text[at] !== ',') return undefined;
    at = afterBlanks(text, at + 1);
  }
}

function afterBlanks(text: string, at: number): number {
  return at + (matchAt(blanks, text, at)?.[0].length ?? 0);
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
