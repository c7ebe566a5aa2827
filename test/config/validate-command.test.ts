import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSchema } from '#cli/schema';
import { sourceExcerpt } from '#cli/source-excerpt';
import { runValidate } from '#cli/validate';
import { instant } from '#domain/time';

const base = `apiVersion: snapkeep/v1
instance: test
targets:
  - { name: eu, api: evs-v3, endpoint: "https://e.example", projectId: a, auth: { type: token, token: { env: T } } }
policies:
  - name: nightly
    target: eu
    schedule: { cron: "0 2 * * *" }
    volumes: { ids: [v] }
    retention: { last: 3 }
`;
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapkeep-validate-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function validate(text: string, flags: { strict?: boolean; json?: boolean; isTty?: boolean } = {}) {
  const file = join(folder, 'p.yaml');
  writeFileSync(file, text);
  let out = '';
  const stdout = { write: (part: string) => (out += part) };
  const code = await runValidate(
    { paths: [file], strict: flags.strict ?? false, json: flags.json ?? false },
    { stdout, stderr: stdout, isTty: flags.isTty ?? false, now: instant(Date.UTC(2026, 10, 24)) },
  );
  return { code, out: out.replaceAll(file, 'p.yaml') };
}

describe('validate', () => {
  it('says what it found in good files', async () => {
    await expect(validate(base)).resolves.toEqual({ code: 0, out: 'valid: 1 file, 1 target, 1 policy\n' });
  });

  it('prints a problem a line and how many there are', async () => {
    const { code, out } = await validate(base.replace('last: 3', 'last: -1').replace('target: eu', 'target: ue'));

    expect(code).toBe(2);
    expect(out.split('\n')).toEqual([
      'p.yaml:7:13: policies[0].target: target "ue" is not defined; did you mean "eu"?',
      'p.yaml:10:24: policies[0].retention.last: write a whole number from 0 to 100000, without quotes',
      'invalid: 2 errors',
      '',
    ]);
  });

  it('shows the place on a terminal', async () => {
    const { out } = await validate(base.replace('last: 3', 'last: -1'), { isTty: true });

    expect(out).toContain('\n10 |     retention: { last: -1 }\n   |                        ^\n');
  });

  it('takes warnings for good, and for bad when it is strict', async () => {
    const text = `${base}    rpo: 1h\n`;

    await expect(validate(text)).resolves.toEqual({
      code: 0,
      out: expect.stringMatching(/^p\.yaml:11:10: policies\[0\]\.rpo: warning: up to 1d pass .*\nvalid: 1 file, 1 target, 1 policy, 1 warning\n$/),
    });
    await expect(validate(text, { strict: true })).resolves.toEqual({ code: 2, out: expect.stringContaining('invalid under --strict: ') });
  });

  it('prints the documented JSON', async () => {
    const { code, out } = await validate(`${base}    rpo: 1h\n`, { json: true });

    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      valid: true,
      problems: [{ severity: 'warning', file: 'p.yaml', line: 11, column: 10, path: 'policies[0].rpo', message: expect.any(String) }],
    });
    expect(JSON.parse((await validate(base, { json: true })).out)).toEqual({ valid: true, problems: [] });
    expect(JSON.parse((await validate(`${base}    rpo: 1h\n`, { json: true, strict: true })).out)).toMatchObject({ valid: false });
  });

  it('tells files without policies', async () => {
    await expect(validate('apiVersion: snapkeep/v1\ninstance: test\n')).resolves.toEqual({
      code: 0,
      out: 'valid: 1 file, 0 targets, 0 policies; no policies, so nothing will be snapshotted\n',
    });
  });

  it.each(['token: hunter2', 'token: "hunter2', 'token: [hunter2', 'token: { env: hunter-2 }', 'token: { value: hunter2 }', 'token: !x hunter2'])(
    'never shows what may be a secret: %s',
    async (token) => {
      const { code, out } = await validate(base.replace('token: { env: T }', token), { isTty: true });

      expect(code).toBe(2);
      expect(out).not.toContain('hunter');
    },
  );
});

describe('sourceExcerpt', () => {
  it.each<[why: string, text: string, line: number]>([
    ['no such line', 'a: b', 3],
    ['a blank line', 'a: b\n\n', 2],
    ['a line with a secret', 'password: x', 1],
    ['a line under the key of a secret', 'password:\n  hunter2', 2],
  ])('shows nothing for %s', (_why, text, line) => {
    expect(sourceExcerpt(text, line, 1)).toBeNull();
  });

  it('shows the part of a long line that matters', () => {
    const excerpt = sourceExcerpt(`a: ${'x'.repeat(500)}!`, 1, 504) ?? '';
    const [line, caret] = excerpt.split('\n');

    expect(line?.length).toBeLessThan(140);
    expect(line?.[caret?.indexOf('^') ?? 0]).toBe('!');
  });
});

describe('schema', () => {
  it('prints JSON', () => {
    let out = '';

    expect(runSchema({ stdout: { write: (text: string) => (out += text) } })).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object' });
  });
});
