import type { z } from 'zod';
import { closestWords } from '#domain/naming/closest-words';
import { formatPath } from './problem.ts';
import type { Path, Problem } from './problem.ts';
import { isSecretPath, QUOTE_CURE } from './scalars.ts';
import type { YamlSource } from './yaml-source.ts';

type Issue = z.core.$ZodIssue;

/**
 * What zod found in one file, as problems with their places. A missing key is reported at its parent, an unknown one at
 * the key itself, everything else at the value.
 */
export function issueProblems(source: YamlSource, issues: readonly Issue[], prefix: Path = []): readonly Problem[] {
  return issues.flatMap((issue) => problemsOf(source, issue, [...prefix, ...textPath(issue.path)]));
}

function problemsOf(source: YamlSource, issue: Issue, path: Path): readonly Problem[] {
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => problem(source, 'key', [...path, key], unknownKeyMessage(key, issue.message.split(', '), path)));
    case 'invalid_key':
      return issue.issues.map((inner) => problem(source, 'key', path, inner.message));
    case 'invalid_union': {
      const deeper = deepestBranch(issue.errors);
      return deeper === null ? [valueProblem(source, path, issue.message)] : issueProblems(source, deeper, path);
    }
    default:
      return [valueProblem(source, path, issue.message)];
  }
}

/** Of the alternatives of a union, the one that the value got furthest into; null where it fits none from the start. */
function deepestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  let deepest: readonly Issue[] | null = null;
  let depth = 0;
  for (const branch of branches) {
    const reached = Math.max(0, ...branch.map((issue) => issue.path.length));
    if (reached > depth) {
      deepest = branch;
      depth = reached;
    }
  }
  return deepest;
}

function valueProblem(source: YamlSource, path: Path, message: string): Problem {
  const key = path.at(-1);
  if (!source.has(path) && typeof key === 'string') {
    return problem(source, 'value', path.slice(0, -1), `"${key}" is missing; ${withoutQuoteCure(message)}`);
  }
  const written = source.plainTextOf(path);
  if (written === '') {
    const what = typeof key === 'string' ? `after "${key}:"` : 'after the hyphen';
    return problem(source, 'value', path, `nothing stands ${what}; write a value or take it out (${withoutQuoteCure(message)})`);
  }
  if (!message.endsWith(QUOTE_CURE)) return problem(source, 'value', path, message);
  if (written === null || isSecretPath(path)) return problem(source, 'value', path, withoutQuoteCure(message));
  return problem(source, 'value', path, `${withoutQuoteCure(message)}, and ${written} without quotes is not; write "${written}"`);
}

function withoutQuoteCure(message: string): string {
  return message.endsWith(`; ${QUOTE_CURE}`) ? message.slice(0, -QUOTE_CURE.length - 2) : message;
}

function problem(source: YamlSource, at: 'key' | 'value', path: Path, message: string): Problem {
  const position = at === 'key' ? source.keyPositionOf(path) : source.positionOf(path);
  return { severity: 'error', file: source.file, ...position, path: formatPath(path), message };
}

function unknownKeyMessage(key: string, known: readonly string[], parent: Path): string {
  if (key === 'name' && parent[0] === 'defaults' && parent.length === 1) return 'a name belongs to one policy; take it out of defaults';
  const near = closestWords(key, known)[0] ?? known.find((each) => sharesBeginning(key, each));
  const meant = near === undefined ? '' : `did you mean "${near}"? `;
  return `key "${key}" is not known; ${meant}known here: ${known.join(', ')}`;
}

/** `policy` for policies, `volume` for volumes. */
function sharesBeginning(key: string, known: string): boolean {
  const beginning = key.toLowerCase().slice(0, Math.max(4, key.length - 2));
  return key.length >= 4 && known.toLowerCase().startsWith(beginning);
}

function textPath(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === 'number' ? step : String(step)));
}
