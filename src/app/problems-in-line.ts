import type { PolicyProblem } from './ports/policy-files.ts';

/** The rest is counted: one broken key in `defaults` can be wrong in a thousand policies. */
const TOLD = 5;

/** Problems as one text: `file:line:column: path: what is wrong`, at most five and the number of the rest. */
export function problemsInLine(problems: readonly PolicyProblem[]): string {
  const told = problems.slice(0, TOLD).map(({ file, line, column, path, message }) => `${[file, line, column].filter((part) => part !== '').join(':')}: ${path === '' ? '' : `${path}: `}${message}`);
  const rest = problems.length - told.length;
  return [...told, ...(rest > 0 ? [`and ${rest} more; snapkeep validate shows all`] : [])].join(' | ');
}
