import { MOST_VALUES } from './yaml-value.ts';
import { flowValue, isTail, plainScalar, quotedScalar } from './plain-scalars.ts';

/** One line that says something, without its indentation. */
interface Line {
  readonly indent: number;
  readonly text: string;
}

/** Control characters, line breaks other than the usual one, and halves of letters outside the Basic Multilingual Plane. */
// oxlint-disable-next-line no-control-regex
const unusual = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ud800-\udfff]/;
const keyPattern = /^([A-Za-z_][\w-]*):(?: +(.*))?$/;
/** Words that are no text as a key, and one that would not be an own property. */
const noKey = /^(?:null|true|false|__proto__)$/i;

/**
 * Reads the plain part of YAML in which nearly all policy files are written: mappings and lists in blocks, scalars and
 * collections in brackets on one line, comments. Some ten times as fast as the parser, which keeps every token of the text.
 * Undefined for anything else, be it good YAML or not: then the parser has the word. What comes out is what the parser
 * would say, and such a text has no fault that the parser would find (plain-yaml.test.ts compares the two).
 */
export function readPlainYaml(text: string): Readonly<Record<string, unknown>> | undefined {
  if (unusual.test(text)) return undefined;
  const lines = linesOf(text);
  // More values than this may be too many, which the parser counts.
  const values = lines.length * 2 + (text.match(/[,[{]/g)?.length ?? 0);
  if (lines.length === 0 || values > MOST_VALUES) return undefined;
  try {
    return new BlockReader(lines).whole();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

/** Told by throwing: it can turn up at any depth. */
class NotPlain extends Error {}

/** What a value reader found; undefined is for the parser. */
function need<T>(value: T | undefined): T {
  if (value === undefined) throw new NotPlain();
  return value;
}

function linesOf(text: string): readonly Line[] {
  const lines: Line[] = [];
  for (const line of text.split('\n')) {
    const trimmed = withoutBlanks(line);
    if (trimmed !== '' && !trimmed.startsWith('#')) lines.push({ indent: line.length - trimmed.length, text: trimmed });
  }
  return lines;
}

class BlockReader {
  readonly #lines: readonly Line[];
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  whole(): Readonly<Record<string, unknown>> {
    const first = need(this.#lines[0]);
    const value = this.#mapping(first, first.indent);
    if (this.#at < this.#lines.length) throw new NotPlain();
    return value;
  }

  /** `head` is the first line, which may be what follows a hyphen. */
  #mapping(head: Line, indent: number): Record<string, unknown> {
    const entries: Record<string, unknown> = {};
    let line: Line | undefined = head;
    while (line !== undefined && line.indent === indent && !isItem(line)) {
      const match: RegExpExecArray = need(keyPattern.exec(line.text) ?? undefined);
      const [, key = '', rest = ''] = match;
      if (noKey.test(key) || Object.hasOwn(entries, key)) throw new NotPlain();
      this.#at += 1;
      entries[key] = isTail(rest) ? this.#below(indent) : this.#inline(rest, indent);
      line = this.#lines[this.#at];
    }
    return entries;
  }

  #list(indent: number): unknown[] {
    const items: unknown[] = [];
    for (let line = this.#lines[this.#at]; line !== undefined && line.indent === indent && isItem(line); line = this.#lines[this.#at]) {
      const text = withoutBlanks(line.text.slice(1));
      const inner = { indent: indent + line.text.length - text.length, text };
      if (isItem(inner) || isTail(text)) throw new NotPlain();
      if (keyPattern.test(text)) {
        items.push(this.#mapping(inner, inner.indent));
        continue;
      }
      this.#at += 1;
      items.push(this.#inline(text, indent));
    }
    return items;
  }

  /** The value of a key behind which nothing stands; a list may begin under the key itself. */
  #below(indent: number): unknown {
    const line = this.#lines[this.#at];
    if (line === undefined || line.indent < indent) return null;
    if (isItem(line)) return this.#list(line.indent);
    return line.indent === indent ? null : this.#mapping(line, line.indent);
  }

  /** A value on the line of its key or hyphen; a deeper line after it would go on with it. */
  #inline(text: string, indent: number): unknown {
    const next = this.#lines[this.#at];
    if (next !== undefined && next.indent > indent) throw new NotPlain();
    const first = text[0];
    if (first === '"' || first === "'") return need(quotedScalar(text)).value;
    if (first === '{' || first === '[') return need(flowValue(text)).value;
    return need(plainScalar(text)).value;
  }
}

/** Blanks alone: other white space is text in YAML. */
function withoutBlanks(text: string): string {
  return text.replace(/^ +/, '');
}

function isItem({ text }: Line): boolean {
  return text.startsWith('- ') || text === '-';
}
