import { expect, test } from 'vitest';
import { execFile } from 'node:child_process';
import { cp, readdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../support/temp-dir.ts';

// Each planted line says which rules it breaks: `// lint: plugin/rule, plugin/rule`. The lint must find just these.

const root = fileURLToPath(new URL('../..', import.meta.url));
const planted = fileURLToPath(new URL('fixtures/lint', import.meta.url));

async function expected(): Promise<string[]> {
  const files = (await readdir(planted, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const found = await Promise.all(
    files.map(async (file) => {
      const lines = (await readFile(path.join(planted, file), 'utf8')).split('\n');
      return lines.flatMap((line, index) => {
        const rules = /\/\/ lint: (.*)$/.exec(line)?.[1]?.split(', ') ?? [];
        return rules.map((rule) => `${file}:${index + 1} ${rule}`);
      });
    }),
  );
  return found.flat().toSorted();
}

interface Report {
  diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[];
}

/** Runs the repository's lint on a tree of its own, where the planted src/ and test/ stand for the real ones. */
async function lint(): Promise<{ exitCode: number | null; found: string[] }> {
  await using tree = await tempDir('lint');
  await cp(planted, tree.path, { recursive: true });
  for (const entry of ['.oxlintrc.json', 'tsconfig.json', 'package.json', 'config']) {
    await cp(path.join(root, entry), path.join(tree.path, entry), { recursive: true });
  }
  await symlink(path.join(root, 'node_modules'), path.join(tree.path, 'node_modules'));

  const oxlint = path.join(root, 'node_modules/.bin/oxlint');
  const args = ['--config', '.oxlintrc.json', '--type-aware', '--deny-warnings', '--format', 'json', 'src', 'test'];
  const { code, stdout, stderr } = await new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(oxlint, args, { cwd: tree.path }, (_error, out, err) => {
      resolve({ code: child.exitCode, stdout: out, stderr: err });
    });
  });
  if (!stdout.startsWith('{')) throw new Error(`oxlint printed no report:\n${stdout}\n${stderr}`);
  const report = JSON.parse(stdout) as Report;
  const found = report.diagnostics.map(({ code: rule, filename, labels }) => {
    const name = rule.replace(/^(.*)\((.*)\)$/, '$1/$2');
    return `${filename}:${labels[0]?.span.line ?? 0} ${name}`;
  });
  return { exitCode: code, found: found.toSorted() };
}

test('every rule the project relies on catches what is planted for it, and nothing else is flagged', async () => {
  const { exitCode, found } = await lint();
  expect(found).toEqual(await expected());
  expect(found.length).toBeGreaterThan(30);
  expect(exitCode).toBe(1);
});
