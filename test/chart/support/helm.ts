import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { tempDir } from '../../support/temp-dir.ts';

export const chartDir = fileURLToPath(new URL('../../../helm', import.meta.url));
const valuesDir = fileURLToPath(new URL('../values', import.meta.url));

/** One rendered object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  // The rest differs by kind: the tests say what they look for.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly [field: string]: any;
}

/** Names of files in `values`, text of a values file as a user would write it, or values to be written as JSON; later ones win. */
export type Values = string | { readonly yaml: string } | Readonly<Record<string, unknown>>;

/** What helm printed on standard error, warnings about symlinks aside. */
export class HelmRefusal extends Error {
  override readonly name = 'HelmRefusal';
}

/** Runs helm, which has to be on PATH. Throws HelmRefusal where it ends with another code than 0. */
export async function helm(args: readonly string[], values: readonly Values[] = []): Promise<string> {
  await using dir = await tempDir('chart');
  const files = await Promise.all(
    values.map(async (each, index) => {
      if (typeof each === 'string') return path.join(valuesDir, `${each}.yaml`);
      const file = path.join(dir.path, `${index}.yaml`);
      await writeFile(file, 'yaml' in each && typeof each['yaml'] === 'string' ? each['yaml'] : JSON.stringify(each));
      return file;
    }),
  );
  try {
    const { stdout } = await promisify(execFile)('helm', [...args, ...files.flatMap((file) => ['-f', file])], { maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (error) {
    const { stderr = '', stdout = '' } = error as { stderr?: string; stdout?: string };
    if (stderr === '') throw error;
    throw new HelmRefusal(`${stdout}${stderr}`.split('\n').filter((line) => !line.includes('found symbolic link')).join('\n'));
  }
}

const rendered = new Map<string, Promise<readonly Manifest[]>>();

/** What the chart renders to. The same values are rendered once for each test file. */
export function render(values: readonly Values[]): Promise<readonly Manifest[]> {
  const key = JSON.stringify(values);
  const known = rendered.get(key) ?? renderAnew(values);
  rendered.set(key, known);
  return known;
}

async function renderAnew(values: readonly Values[]): Promise<readonly Manifest[]> {
  const text = await helm(['template', 'snapkeep', chartDir, '--namespace', 'backup'], values);
  const documents = parseAllDocuments(text, { version: '1.1' });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [problem] = document.errors;
    if (problem !== undefined) throw problem;
    const object = document.toJS() as Manifest | null;
    return object === null ? [] : [object];
  });
}

export function ofKind(manifests: readonly Manifest[], kind: string): readonly Manifest[] {
  return manifests.filter((each) => each.kind === kind);
}

/** The only one of its kind. Throws where there is none, or more. */
export function theOne(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const [first, ...more] = ofKind(manifests, kind).filter((each) => name === undefined || each.metadata.name === name);
  if (first === undefined || more.length > 0) throw new Error(`${more.length + (first === undefined ? 0 : 1)} of kind ${kind}`);
  return first;
}

/** The policy file that a running snapkeep would read. */
export function policiesOf(manifests: readonly Manifest[]): string {
  const { data } = theOne(manifests, 'ConfigMap', 'snapkeep') as unknown as { data: Record<string, string> };
  return data['policies.yaml'] ?? '';
}
