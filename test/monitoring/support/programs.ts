import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** The path of one of Prometheus's programs. Throws where it is not on PATH: these tests fail without it, and never skip. */
export function findProgram(name: 'prometheus' | 'promtool'): string {
  for (const directory of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.join(directory, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not here
    }
  }
  throw new Error(`${name} is not on PATH: run scripts/monitoring-test, which installs it, or install Prometheus`);
}
