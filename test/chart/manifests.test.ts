import { describe, expect, test } from 'vitest';
import { schemaProblem, typedManifests } from './support/api-schemas.ts';
import { compilerProblems } from './support/compile.ts';
import { chartDir, helm, render, theOne } from './support/helm.ts';
import { matrix } from './support/matrix.ts';

describe.each(matrix)('a chart rendered with $name', ({ values }) => {
  test('passes helm lint --strict', async () => {
    expect(await helm(['lint', '--strict', chartDir], values)).toContain('1 chart(s) linted, 0 chart(s) failed');
  });

  test('holds only objects that the schemas of Kubernetes and of the operators take', async () => {
    const manifests = await render(values);

    expect(manifests.map(schemaProblem).filter((problem) => problem !== null)).toEqual([]);
    expect(await compilerProblems(typedManifests(manifests))).toBe('');
  });

  test('has each name once for each kind, and everything labelled as of this release', async () => {
    const manifests = await render(values);

    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { metadata } of manifests) expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/instance': 'snapkeep', 'app.kubernetes.io/part-of': 'snapkeep' });
  });

  test('gives nobody rights', async () => {
    const kinds = (await render(values)).map(({ kind }) => kind);

    expect(kinds.filter((kind) => /Role/.test(kind))).toEqual([]);
  });
});

test('the checks of this suite see a misspelt field, a wrong type and a missing field', async () => {
  const service = theOne(await render(['minimal']), 'Service');

  const misspelt = { ...service, spec: { ...service['spec'], selectors: {} } };
  expect(await compilerProblems(typedManifests([misspelt]))).toContain('"selectors"');
  expect(schemaProblem({ ...service, spec: { ports: [{ port: 'eighty' }] } })).toContain('/spec/ports/0/port');
  expect(schemaProblem({ ...service, spec: { ports: [{}] } })).toContain('port');
});

test('all of it is rendered for any name of the release, also one that is as long as Helm takes', async () => {
  const name = 'r'.repeat(53);
  const text = await helm(['template', name, chartDir], ['everything']);

  for (const [, found] of text.matchAll(/^ {2}name: "?([^"\n]+)"?$/gm)) expect(found?.length).toBeLessThanOrEqual(63);
});
