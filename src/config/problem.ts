import type { PolicyProblem } from '#app/ports/policy-files';

/** One thing wrong with the policy files, as `validate --json` prints it. */
export type Problem = PolicyProblem;

/** Keys and places that lead to a value inside a file. */
export type Path = readonly (string | number)[];

/** A path as problems show it: `policies[0].snapshot.metadata["cost centre"]`. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[A-Za-z_][\w-]*$/.test(step)) text += `[${JSON.stringify(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** Problems in reading order, each once: by file, line, column, then path and text. */
export function sortedProblems(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Map<string, Problem>();
  for (const problem of problems) {
    // One fault in `defaults` is found again for every policy it reaches.
    seen.set(JSON.stringify([problem.file, problem.line, problem.column, problem.path, problem.message]), problem);
  }
  return [...seen.values()].toSorted(
    (a, b) =>
      compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.path, b.path) || compare(a.message, b.message),
  );
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
