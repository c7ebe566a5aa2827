import { LineCounter, parseAllDocuments } from 'yaml';
import type { YAMLError } from 'yaml';
import { formatPath } from './problem.ts';
import type { Path, Problem } from './problem.ts';
import { aliasTargets, isMap, isScalar, isSeq, pairOf, resolved, spanOf } from './yaml-nodes.ts';
import type { AliasTargets, Document } from './yaml-nodes.ts';
import { toPlainValue } from './yaml-value.ts';

/** A place in a file, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One policy file, parsed, that still knows where each value stands. */
export interface YamlSource {
  readonly file: string;
  /** What the file says, as plain values; undefined where it has a syntax error. */
  readonly value: unknown;
  /** Syntax errors and other faults of the YAML itself; each an error. */
  readonly problems: readonly Problem[];
  /** Where the value at a path stands; its nearest parent where there is none. An alias leads to its anchor. */
  positionOf(path: Path): Position;
  /** Where the key at the end of a path stands, or as `positionOf`. */
  keyPositionOf(path: Path): Position;
  /** Whether the file itself has a value at the path. */
  has(path: Path): boolean;
  /** A scalar without quotes as it is written (`1.10`, not 1.1), empty where nothing stands after the key; null for anything else. */
  plainTextOf(path: Path): string | null;
}

/**
 * Parses one file: YAML 1.2 core schema, one document. Never throws; whatever is wrong is in `problems`. A byte order
 * mark, CRLF, comments, anchors and aliases are good.
 */
export function parseYaml(file: string, text: string): YamlSource {
  try {
    return parse(file, text);
  } catch (error) {
    // Reading descends with the nesting, so a file of brackets alone can use up the stack.
    if (!(error instanceof RangeError)) throw error;
    return broken(file, [{ severity: 'error', file, line: 1, column: 1, path: '', message: tooDeep }]);
  }
}

const tooDeep = 'the file is nested too deeply; a policy file needs about ten levels';

function parse(file: string, text: string): YamlSource {
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const place = (offset: number): string => `line ${at(offset).line} column ${at(offset).column}`;
  const problem = (offset: number, path: string, message: string): Problem => ({ severity: 'error', file, ...at(offset), path, message });

  const documents = documentsOf(body, lines);

  const syntax = documents.flatMap((document) => [...document.errors, ...document.warnings]);
  if (syntax.length > 0) {
    return broken(file, withoutAftershocks(syntax).map((error) => syntaxProblem(error, body, problem)));
  }
  const used = documents.filter((document) => !isEmpty(document));
  const second = used[1];
  if (second !== undefined) {
    const offset = spanOf(second.contents)?.[0] ?? 0;
    return broken(file, [problem(offset, '', 'a second document begins here; write one document in a file: move it to a file of its own, without the --- line')]);
  }
  const document = used[0];
  if (document === undefined) {
    return broken(file, [problem(0, '', 'the file is empty; begin it with "apiVersion: snapkeep/v1" and "instance: ..."')]);
  }
  if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    return broken(file, [problem(0, '', 'policy files are YAML 1.2; take the %YAML line out')]);
  }

  if (!isMap(document.contents)) {
    const offset = spanOf(document.contents)?.[0] ?? 0;
    return broken(file, [problem(offset, '', 'a policy file is a mapping; begin it with "apiVersion: snapkeep/v1" and "instance: ..."')]);
  }

  const targets = aliasTargets(document);
  const tree: Tree = { root: document.contents, targets };
  const { value, faults } = toPlainValue(document, targets, place);
  const fatal = faults.filter((fault) => fault.isFatal);
  if (fatal.length > 0) return broken(file, fatal.map((fault) => problem(fault.offset, '', fault.message)));
  return {
    file,
    value,
    problems: faults.map((fault) => problem(fault.offset, formatPath(fault.path), fault.message)),
    positionOf: (path) => at(nodeOffset(tree, path)),
    keyPositionOf: (path) => at(keyOffset(tree, path) ?? nodeOffset(tree, path)),
    has: (path) => nodeAt(tree, path) !== undefined,
    plainTextOf: (path) => {
      const node = nodeAt(tree, path);
      // `{ a }` has a key and not even a blank.
      if (node === null) return '';
      return isScalar(node) && node.type === 'PLAIN' ? (node.source ?? null) : null;
    },
  };
}

function documentsOf(body: string, lines: LineCounter): Document[] {
  const documents = parseAllDocuments(body, {
    lineCounter: lines,
    prettyErrors: false,
    version: '1.2',
    schema: 'core',
    merge: false,
    uniqueKeys: false,
    resolveKnownTags: false,
    logLevel: 'silent',
  });
  return [...documents];
}

function broken(file: string, problems: readonly Problem[]): YamlSource {
  const start = { line: 1, column: 1 };
  return {
    file,
    value: undefined,
    problems,
    positionOf: () => start,
    keyPositionOf: () => start,
    has: () => false,
    plainTextOf: () => null,
  };
}

/** One slip makes the parser stumble over the lines after it, too; these faults are none of that kind. */
const independent: ReadonlySet<YAMLError['code']> = new Set(['TAB_AS_INDENT', 'BAD_DQ_ESCAPE', 'TAG_RESOLVE_FAILED', 'BAD_ALIAS']);

function withoutAftershocks(errors: readonly YAMLError[]): readonly YAMLError[] {
  const ordered = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  return ordered.filter((error, place) => place === 0 || independent.has(error.code));
}

function syntaxProblem(error: YAMLError, body: string, problem: (offset: number, path: string, message: string) => Problem): Problem {
  const offset = error.pos[0];
  const lineStart = body.lastIndexOf('\n', offset - 1) + 1;
  // The commonest slip of all: a cron expression that begins with a star, without quotes.
  const star = /(?:^|[:[,-]\s+)(?=\*)/.exec(body.slice(lineStart, offset + 1));
  if (star !== null) {
    const at = lineStart + star.index + star[0].length;
    return problem(at, '', 'text that begins with * is an alias in YAML; put it into quotes, for example cron: "*/5 * * * *"');
  }
  const indent = /^[ ]*/.exec(body.slice(lineStart))?.[0].length ?? 0;
  return problem(Math.max(offset, lineStart + indent), '', syntaxMessage(error));
}

function syntaxMessage(error: YAMLError): string {
  switch (error.code) {
    case 'RESOURCE_EXHAUSTION':
      return tooDeep;
    case 'TAB_AS_INDENT':
      return 'a tab indents this line; use spaces';
    case 'TAG_RESOLVE_FAILED':
      return 'tags (!something) are not supported; write the plain value';
    case 'BAD_ALIAS':
      return 'this alias (*name) has no anchor (&name) before it; write the value out, or put text that begins with * into quotes';
    case 'MISSING_CHAR':
      if (error.message.startsWith('Sequence item without')) return indentMessage(error);
      return 'a closing quote or bracket, or a comma, is missing here or above; write it';
    case 'BAD_INDENT':
      if (error.message.startsWith('Flow')) return 'a bracket opened above is not closed; close it with } or ]';
      return indentMessage(error);
    case 'UNEXPECTED_TOKEN':
    case 'MULTILINE_IMPLICIT_KEY':
    case 'BLOCK_AS_IMPLICIT_KEY':
      return indentMessage(error);
    case 'BAD_DQ_ESCAPE':
      return 'a backslash between double quotes begins an escape that is not known; write it twice, or use single quotes';
    case 'BAD_SCALAR_START':
      return `${sentence(error)}; put the text into quotes`;
    default:
      return `${sentence(error)}; the file is not YAML 1.2 here`;
  }
}

function indentMessage(error: YAMLError): string {
  return `${sentence(error)}; check the indentation, and put text that holds ": " or begins with a special character into quotes`;
}

function sentence(error: YAMLError): string {
  // The parser quotes source text in some messages, and that may be a secret.
  return error.message.replace(/: .*$/s, '').replace(/["'`].*$/s, '').trim();
}

function isEmpty(document: Document): boolean {
  const { contents } = document;
  return contents === null || (isScalar(contents) && contents.value === null && (contents.source ?? '') === '');
}

/** A document as a tree in which aliases lead to their anchors. */
interface Tree {
  readonly root: unknown;
  readonly targets: AliasTargets;
}

function nodeAt({ root, targets }: Tree, path: Path): unknown {
  let node = root;
  for (const step of path) {
    if (typeof step === 'number') node = isSeq(node) ? node.items[step] : undefined;
    else node = isMap(node) ? pairOf(node, step)?.value : undefined;
    if (node === undefined) return undefined;
    node = resolved(node, targets);
  }
  return node;
}

function nodeOffset(tree: Tree, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const part = path.slice(0, length);
    const span = spanOf(nodeAt(tree, part));
    // A blank value takes no room: its key is what one sees.
    if (span !== null && span[0] === span[1]) return keyOffset(tree, part) ?? span[0];
    if (span !== null) return span[0];
    const key = keyOffset(tree, part);
    if (key !== undefined) return key;
  }
  return 0;
}

function keyOffset(tree: Tree, path: Path): number | undefined {
  const key = path.at(-1);
  if (typeof key !== 'string') return undefined;
  const pair = pairOf(nodeAt(tree, path.slice(0, -1)), key);
  return pair === undefined ? undefined : spanOf(pair.key)?.[0];
}
