import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { tempDir } from '../support/temp-dir.ts';
import { chartDir, helm, ofKind, policiesOf, render, theOne } from './support/helm.ts';
import { matrix } from './support/matrix.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test.each(matrix)('snapkeep validate takes the policies that are rendered with $name', async ({ values }) => {
  await using dir = await tempDir('policies');
  await writeFile(path.join(dir.path, 'policies.yaml'), policiesOf(await render(values)));

  const { stdout, stderr, status } = spawnSync(path.join(root, 'bin/snapkeep'), ['validate', dir.path], { encoding: 'utf8' });
  expect(`${stdout}${stderr}`).toContain('valid: 1 file');
  expect(status).toBe(0);
});

describe('text that YAML 1.1 or a float would turn into something else', () => {
  const written = (metadata: Readonly<Record<string, string>>) => ({ config: { policies: [{ name: 'p', target: 'lab', volumes: { ids: ['v'] }, snapshot: { metadata } }] } });
  const arrived = async (values: Parameters<typeof render>[0]) => (parse(policiesOf(await render(values))) as { policies: { snapshot: { metadata: unknown } }[] }).policies[0]?.snapshot.metadata;

  test('arrives as it was written, where it was quoted', async () => {
    const texts = ['no', 'on', 'off', 'yes', 'y', 'n', '~', 'null', '0755', '0o755', '0x1f', '1e3', '1_000', '12:30:45', '356136738', '9007199254740993', '1.0', '.inf', '.NaN', '2026-11-24', '=', '<<', ' a', 'a ', '- a', 'a: b', 'a #b', '"', "'", '\\', '{{ .Values }}', '%', '@', '`', '&a', '*a', '!a', '|', '>', ''];
    const metadata = Object.fromEntries(texts.map((text, index) => [`k${index}`, text]));

    expect(await arrived(['minimal', written(metadata)])).toEqual(metadata);
  });

  test('arrives as it was written, whatever it is', async () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.stringMatching(/^[-+0-9.eExXo_:~]{1,12}$/), fc.stringMatching(/^[ \t\n#'":,{}[\]&*!|>%@-]{1,8}$/)), { minLength: 300, maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(texts, async (values) => {
        const metadata = Object.fromEntries(values.map((text, index) => [`k${index}`, text]));
        expect(await arrived(['minimal', written(metadata)])).toEqual(metadata);
      }),
      { numRuns: 5 },
    );
  });

  test.each(['356136738', '0755', '1e3', 'no', 'on', 'true', '2', '1.5', '9007199254740993'])('is refused in metadata where it was not quoted: %s (A38: helm/helm #12195)', async (text) => {
    const yaml = `config:\n  policies:\n    - name: p\n      target: lab\n      volumes: { ids: [v] }\n      snapshot: { metadata: { ticket: ${text} } }\n`;

    await expect(render(['minimal', { yaml }])).rejects.toThrow(/metadata[/.]ticket'?: (got|Invalid type)/);
  });

  test.each(['no', 'on', '~', '0755', '1e3'])('is refused as a key, which cannot be told from what it becomes: %s', async (key) => {
    const yaml = `config:\n  policies:\n    - name: p\n      target: lab\n      volumes: { ids: [v] }\n      snapshot: { metadata: { ${key}: x } }\n`;

    await expect(render(['minimal', { yaml }])).rejects.toThrow(/metadata|propertyName|property name|unsupported map key/);
  });

  test.each(['projectId: 12345678901234567890', 'projectId: 97e15', 'name: no'])('is refused in names and ids, too: %s', async (line) => {
    const yaml = `config:\n  targets:\n    - { ${line}, api: cinder-v3, endpoint: "https://x", auth: { type: token, token: { env: T } } }\n`;

    await expect(render(['minimal', { yaml }])).rejects.toThrow(/targets[/.]0[/.](projectId|name)'?: (got|Invalid type)/);
  });

  test('stays a plain number where a number is meant, however big (A38: helm/helm #12195)', async () => {
    const text = policiesOf(await render(['everything']));

    expect(text).toContain('snapshotsPerVolume: 100000\n');
    expect(text).toContain('requestsPerSecond: 0.5\n');
    expect(theOne(await render(['everything']), 'ScaledObject')['spec'].triggers[0].metadata.threshold).toBe('1000000');
  });
});

describe('the schema of the values', () => {
  test.each([
    ['a key that the chart does not know', { replicaCount: 3 }],
    ['a key within a part', { worker: { replica: 3 } }],
    ['a key that policies do not have', { config: { polices: [] } }],
    ['a key deep within a policy', { config: { policies: [{ name: 'p', schedule: { crom: '0 2 * * *' } }] } }],
    ['an inline secret', { config: { targets: [{ name: 'lab', api: 'cinder-v3', endpoint: 'https://x', projectId: 'p', auth: { type: 'token', token: 'hunter2' } }] } }],
    ['a password in the address of Redis', { redis: { url: 'redis://user:hunter2@redis' } }],
    ['a password alone in the address of Redis', { redis: { url: 'redis://:hunter2@redis' } }],
    ['an address of Redis that is none', { redis: { url: 'redis' } }],
    ['half a reference', { adminTokenSecret: { name: 'a' } }],
    ['a drain that would be written 1e+06', { drainSeconds: 1000000 }],
    ['an address of runbooks that is none', { monitoring: { rules: { runbooks: 'README.md' } } }],
    ['a number in quotes', { worker: { replicas: '3' } }],
  ])('refuses %s', async (_, values) => {
    await expect(render(['minimal', values])).rejects.toThrow(/schema/);
  });

  test('asks for the policies', async () => {
    await expect(render([])).rejects.toThrow(/instance/);
  });
});

test('alert rules and dashboard are the ones under config/, in the package of the chart as well', async () => {
  await using dir = await tempDir('package');
  await helm(['package', chartDir, '--destination', dir.path]);
  const [archive = ''] = await readdir(dir.path);
  const packaged = await helm(['template', 'snapkeep', path.join(dir.path, archive)], ['everything']);
  const manifests = await render(['everything']);

  const rules = parse(await readFile(path.join(root, 'config/prometheus/snapkeep.rules.yaml'), 'utf8')) as unknown;
  const dashboard = await readFile(path.join(root, 'config/grafana/snapkeep.json'), 'utf8');
  expect(theOne(manifests, 'PrometheusRule')['spec']).toEqual(rules);
  expect(theOne(manifests, 'ConfigMap', 'snapkeep-dashboard')['data']['snapkeep.json']).toBe(dashboard);
  expect(packaged).toBe(await helm(['template', 'snapkeep', chartDir], ['everything']));
});

test('alerts link to the runbooks where they can be read', async () => {
  const spec = theOne(await render(['everything', { monitoring: { rules: { runbooks: 'https://git.example.com/snapkeep/README.md' } } }]), 'PrometheusRule')['spec'] as unknown;
  const links = [...JSON.stringify(spec).matchAll(/"runbook_url":"([^"]*)"/g)].map(([, link = '']) => link);
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((link) => !/^https:\/\/git\.example\.com\/snapkeep\/README\.md#runbook-snapkeep-[a-z-]+$/.test(link))).toEqual([]);
});

test.each(matrix)('no ConfigMap holds a secret with $name, and the chart makes no Secret', async ({ values }) => {
  const manifests = await render(values);

  expect(ofKind(manifests, 'Secret')).toEqual([]);
  for (const { metadata, ...rest } of ofKind(manifests, 'ConfigMap')) {
    const secrets = [...JSON.stringify(rest['data']).matchAll(/(password|token|secretKey|accessKey|secret|url):\s*\\n\s*(\w+):/g)].map((match) => match[2]);
    expect(secrets.every((how) => how === 'file' || how === 'env'), metadata.name).toBe(true);
  }
});
