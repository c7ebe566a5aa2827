/** One thing wrong with the policy files, as `validate --json` prints it. */
export interface Problem {
  /** A warning leaves the files valid; `validate --strict` fails on it. */
  readonly severity: 'error' | 'warning';
  /** The file's name as it was given, or the directory's name and the file's. */
  readonly file: string;
  /** From 1; 1 where the file as a whole is meant. */
  readonly line: number;
  /** From 1, in UTF-16 units; 1 where the file as a whole is meant. */
  readonly column: number;
  /** Like `policies[0].schedule.cron`; that of the parent where a key is missing; empty for a syntax error or the whole file. */
  readonly path: string;
  /** What is wrong, and what would be right. Never holds a secret. */
  readonly message: string;
}

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
