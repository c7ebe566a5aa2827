import { loadPolicies } from '#config/load-policies';
import type { LoadResult } from '#config/load-policies';
import type { Problem } from '#config/problem';
import type { Instant } from '#domain/time';
import { sourceExcerpt } from './source-excerpt.ts';

/** What `validate` was asked. */
export interface ValidateArgs {
  /** Files and directories. */
  readonly paths: readonly string[];
  /** A warning fails, too. */
  readonly strict: boolean;
  readonly json: boolean;
}

/** Where `validate` writes, and what it must not find out by itself. */
export interface ValidateIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Whether a person reads along: excerpts of the file are shown. */
  readonly isTty: boolean;
  readonly now: Instant;
}

/**
 * Checks policy files and prints every problem, one a line, on stdout. Returns the exit code: 0 where the files are
 * valid (with `strict`: and without warnings), else 2.
 */
export async function runValidate(args: ValidateArgs, io: ValidateIo): Promise<number> {
  return printResult(await loadPolicies(args.paths, { now: io.now }), args, io);
}

/** Prints what loading found, as `validate` does, and returns its exit code. */
export function printResult(result: LoadResult, args: Omit<ValidateArgs, 'paths'>, io: Pick<ValidateIo, 'stdout' | 'isTty'>): number {
  const problems = result.ok ? result.warnings : result.problems;
  const isValid = result.ok && !(args.strict && problems.length > 0);
  if (args.json) {
    io.stdout.write(`${JSON.stringify({ valid: isValid, problems })}\n`);
    return isValid ? 0 : 2;
  }
  for (const problem of problems) io.stdout.write(problemText(problem, io.isTty ? textOf(result, problem.file) : null));
  io.stdout.write(`${summary(result, problems, isValid)}\n`);
  return isValid ? 0 : 2;
}

/** One line, and below it the place in the file where its text is given. */
export function problemText(problem: Problem, text: string | null): string {
  const at = [problem.file, problem.line, problem.column].filter((part) => part !== '').join(':');
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const warning = problem.severity === 'warning' ? 'warning: ' : '';
  const line = `${at}: ${path}${warning}${problem.message}\n`;
  const excerpt = text === null ? null : sourceExcerpt(text, problem.line, problem.column);
  return excerpt === null ? line : `${line}${excerpt}\n`;
}

function textOf(result: LoadResult, file: string): string | null {
  return result.files.find((each) => each.name === file)?.text ?? null;
}

function summary(result: LoadResult, problems: readonly Problem[], isValid: boolean): string {
  const warnings = problems.filter((problem) => problem.severity === 'warning').length;
  const errors = problems.length - warnings;
  const found = [errors > 0 ? counted(errors, 'error') : '', warnings > 0 ? counted(warnings, 'warning') : ''].filter((part) => part !== '');
  if (!result.ok) return `invalid: ${found.join(', ')}`;
  const { targets, policies } = result.set;
  const content = [counted(result.files.length, 'file'), counted(targets.length, 'target'), counted(policies.length, 'policy')];
  const verdict = isValid ? 'valid' : 'invalid under --strict';
  return `${verdict}: ${[...content, ...found].join(', ')}${policies.length === 0 ? '; no policies, so nothing will be snapshotted' : ''}`;
}

function counted(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`}`;
}
