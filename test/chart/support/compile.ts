import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url));

/** What the compiler says against a program that imports types of installed packages; empty where it says nothing. */
export async function compilerProblems(program: string): Promise<string> {
  // Within node_modules, so that the packages are found from there.
  const dir = await mkdtemp(path.join(modules, '.snapkeep-chart-'));
  try {
    await writeFile(path.join(dir, 'manifests.ts'), program);
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--ignoreConfig', '--types', '', '--module', 'nodenext', '--moduleResolution', 'nodenext', '--target', 'es2024'];
    await promisify(execFile)(path.join(modules, '.bin/tsc'), [...flags, path.join(dir, 'manifests.ts')]);
    return '';
  } catch (error) {
    const { stdout = '', message } = error as { stdout?: string; message: string };
    return stdout === '' ? message : stdout;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
