import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPolicies } from '#config/load-policies';
import { instant } from '#domain/time';

const now = instant(Date.UTC(2026, 10, 24));
const good = 'apiVersion: snapkeep/v1\ninstance: test\n';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapkeep-config-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function put(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

async function messages(...paths: string[]): Promise<string[]> {
  const result = await loadPolicies(paths, { now });
  return (result.ok ? result.warnings : result.problems).map((each) => `${each.file}:${each.line}:${each.column}: ${each.message}`);
}

describe('loadPolicies', () => {
  it('takes the yaml files directly in a directory, in the order of their names', async () => {
    put('b.yml', 'apiVersion: snapkeep/v1\n');
    put('a.yaml', good);
    put('c.txt', 'not yaml: [');
    put('.hidden.yaml', 'not yaml: [');
    mkdirSync(join(folder, 'd.yaml'));
    mkdirSync(join(folder, 'deeper'));
    put('deeper/e.yaml', 'not yaml: [');

    const result = await loadPolicies([folder], { now });

    expect(result.ok).toBe(true);
    expect(result.files.map((file) => file.name)).toEqual([join(folder, 'a.yaml'), join(folder, 'b.yml')]);
  });

  it('follows the symlinks of a ConfigMap, and leaves its versions alone', async () => {
    for (const version of ['..2026_1', '..2026_2']) {
      mkdirSync(join(folder, version));
      put(`${version}/policies.yaml`, good.replace('test', version.replace(/\D/g, '') === '20261' ? 'one' : 'two'));
    }
    symlinkSync('..2026_1', join(folder, '..data'));
    symlinkSync('..data/policies.yaml', join(folder, 'policies.yaml'));
    await expect(loadPolicies([folder], { now })).resolves.toMatchObject({ ok: true, set: { instance: 'one' } });

    symlinkSync('..2026_2', join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));

    await expect(loadPolicies([folder], { now })).resolves.toMatchObject({ ok: true, set: { instance: 'two' } });
  });

  it('reads a file once that it is given twice', async () => {
    const file = put('a.yaml', `${good}targets: [{ name: eu, api: evs-v3, endpoint: "https://e.example", projectId: a, auth: { type: token, token: { env: T } } }]\n`);

    const result = await loadPolicies([file, folder, file], { now });

    expect(result).toMatchObject({ ok: true });
    expect(result.files).toHaveLength(1);
  });

  it.each<[why: string, make: () => string, expected: string]>([
    ['no such file', () => join(folder, 'nope.yaml'), 'no such file'],
    ['a directory without policy files', () => folder, 'no *.yaml'],
    ['text that is not UTF-8', () => put('a.yaml', Buffer.from('instance: gr\xfc\xdfe\n', 'latin1')), 'not UTF-8'],
    ['UTF-16', () => put('a.yaml', Buffer.from('\uFEFFinstance: a\n', 'utf16le')), 'not UTF-8'],
    ['a file above 4 MiB', () => put('a.yaml', `# ${'x'.repeat(4 * 1024 * 1024)}`), '4 MiB'],
    ['a device', () => '/dev/null', 'not a regular file'],
    ['a broken symlink', () => (symlinkSync('nowhere', join(folder, 'a.yaml')), folder), 'no such file'],
    ['a truncated file', () => put('a.yaml', ''), 'the file is empty'],
  ])('says of %s what is wrong', async (_why, make, expected) => {
    const found = await messages(make());

    expect(found).toHaveLength(1);
    expect(found[0]).toContain(':1:1: ');
    expect(found[0]).toContain(expected);
  });

  // Root may read everything, so there is nothing to see as root.
  it.skipIf(process.getuid?.() === 0)('says that it may not read a file', async () => {
    const file = put('a.yaml', good);
    chmodSync(file, 0);

    await expect(messages(file)).resolves.toEqual([`${file}:1:1: it may not be read; check its permissions and those of the directories above it`]);
  });

  it('wants a path', async () => {
    await expect(messages()).resolves.toEqual([':1:1: no path is given; name a policy file or a directory of them']);
  });

  it('does not call missing what an unreadable file may define', async () => {
    const file = put('a.yaml', 'apiVersion: snapkeep/v1\npolicies: [{ name: a, target: eu, schedule: { cron: "0 2 * * *" }, volumes: { ids: [v] } }]\n');

    await expect(messages(file, join(folder, 'nope.yaml'))).resolves.toEqual([expect.stringContaining('nope.yaml:1:1: there is no such file')]);
  });

  it('loads a thousand policies in good time', async () => {
    const policies = Array.from({ length: 1_000 }, (_, place) => `  - name: p-${place}\n    target: eu\n    schedule: { cron: "${place % 60} ${Math.floor(place / 60)} * * 1-5", timezone: Europe/Berlin }\n    volumes: { match: { name: "db-${place}-*" } }\n    retention: { last: 3, within: 1d }\n`);
    const file = put('a.yaml', `${good}targets: [{ name: eu, api: evs-v3, endpoint: "https://e.example", projectId: a, auth: { type: token, token: { env: T } } }]\npolicies:\n${policies.join('')}`);
    const before = process.cpuUsage();

    const result = await loadPolicies([file], { now });

    expect(result.ok ? result.set.policies.length : result.problems).toBe(1_000);
    // Own time of the processor, so that neighbours on the machine do not count.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(6);
  }, 60_000);
});
