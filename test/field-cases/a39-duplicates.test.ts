import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadPolicies } from '#config/load-policies';
import { instant } from '#domain/time';
import { tempDir } from '../support/temp-dir.ts';

const head = `apiVersion: snapkeep/v1
instance: a39
`;
const target = `targets:
  - { name: t, api: evs-v3, endpoint: "https://evs.example", projectId: 0970dd9c1a0026a62fddc0038c52b5eb, auth: { type: token, token: { env: TOKEN } } }
`;

function policy(name: string, extra = ''): string {
  return `  - name: ${name}
    target: t
    schedule: { cron: "0 2 * * *" }
${extra}    volumes: { match: { name: "*" } }
    retention: { last: 3 }
`;
}

/** The problems of files in one directory, as `file:line:column: path: message`; the set must not come out. */
async function problemsOf(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  await using dir = await tempDir('a39');
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(dir.path, name), text);
  const loaded = await loadPolicies([dir.path], { now: instant(Date.UTC(2026, 10, 24)) });
  if (loaded.ok) throw new Error('the files were taken');
  return loaded.problems.map(({ severity, file, line, column, path: at, message }) => `${severity} ${file}:${line}:${column}: ${at}: ${message}`.replaceAll(`${dir.path}/`, ''));
}

// jimsalterjrs/sanoid 2.2.0 and 2.3.0: duplicate definitions were resolved silently.
test('A39: a key given twice in one policy is an error at both places', async () => {
  const found = await problemsOf({ 'a.yaml': `${head}${target}policies:\n${policy('nightly', '    schedule: { cron: "0 8 * * *" }\n')}` });
  expect(found).toEqual(['error a.yaml:9:5: policies[0].schedule: key schedule is given twice, here (line 9 column 5) and at line 8 column 5; keep one of the two']);
});

test('A39: the same name in two files is an error that names both places', async () => {
  const found = await problemsOf({ 'a.yaml': `${head}${target}policies:\n${policy('nightly')}`, 'b.yaml': `${head}policies:\n${policy('hourly')}${policy('nightly')}` });
  expect(found).toEqual(['error b.yaml:9:11: policies[1].name: policy "nightly" is defined twice, here (b.yaml:9:11) and at a.yaml:6:11; give one of them another name']);
});

test('A39: names that differ only in case are one name', async () => {
  const found = await problemsOf({ 'a.yaml': `${head}${target}policies:\n${policy('nightly')}`, 'b.yaml': `${head}policies:\n${policy('Nightly')}` });
  expect(found).toContain('error b.yaml:4:11: policies[0].name: policy "Nightly" is defined twice but for case, here (b.yaml:4:11) and at a.yaml:6:11; give one of them another name');
});
