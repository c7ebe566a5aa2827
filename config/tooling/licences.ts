import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** SPDX names that may be shipped beside Apache-2.0: permissive ones. Whoever adds one has read it. */
const allowed: ReadonlySet<string> = new Set(['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT']);

export interface ShippedPackage {
  /** `name@version`. */
  readonly name: string;
  /** As its package.json has it; absent where it says nothing. */
  readonly licence: unknown;
}

interface LockEntry {
  readonly version?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

/** The packages that `npm ci --omit=dev --omit=optional` installs, as the image does; they have to be installed here. */
export function shippedPackages(root: string): readonly ShippedPackage[] {
  const lock = readJson(path.join(root, 'package-lock.json')) as { packages: Record<string, LockEntry> };
  return Object.entries(lock.packages)
    .filter(([where, { dev, optional, devOptional }]) => where !== '' && dev !== true && optional !== true && devOptional !== true)
    .map(([where, { version = '' }]) => {
      const manifest = readJson(path.join(root, where, 'package.json')) as { name: string; license?: unknown };
      return { name: `${manifest.name}@${version}`, licence: manifest.license };
    });
}

/** One line for each package whose licence is not on the list, or not known. */
export function licenceProblems(packages: readonly ShippedPackage[]): readonly string[] {
  return packages.flatMap(({ name, licence }) => {
    if (typeof licence !== 'string' || licence === '') return [`${name}: says no licence`];
    return allowed.has(licence) ? [] : [`${name}: ${licence} is not on the list of licences that may be shipped`];
  });
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packages = shippedPackages(fileURLToPath(new URL('../..', import.meta.url)));
  const problems = licenceProblems(packages);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(`${packages.length} packages are shipped, ${problems.length} with a licence that may not be\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
