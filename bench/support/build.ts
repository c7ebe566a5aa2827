import { execFileSync } from 'node:child_process';

let isBuilt = false;

/** Compiles the service into `dist/`, once a process: what is measured is what is shipped. */
export function buildOnce(): void {
  if (!isBuilt) execFileSync('npm', ['run', 'build'], { stdio: 'ignore' });
  isBuilt = true;
}
