import type { Problem } from './problem.ts';

/** A problem of a file or directory as a whole. */
export function fileProblem(file: string, message: string): Problem {
  return { severity: 'error', file, line: 1, column: 1, path: '', message };
}

/** Why it cannot be read, and what would help. */
export function unreadable(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or directory; check the path';
    case 'EACCES':
    case 'EPERM':
      return 'it may not be read; check its permissions and those of the directories above it';
    default:
      return `it cannot be read (${code === '' ? String(error) : code}); check the path`;
  }
}
