import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runValidate } from '#cli/validate';
import { instant } from '#domain/time';
import { INVALID_FILES } from './invalid-files.ts';

const folder = 'test/fixtures/invalid';

interface Printed {
  readonly valid: boolean;
  readonly problems: readonly { severity: string; file: string; line: number; column: number; path: string; message: string }[];
}

async function validate(file: string): Promise<{ code: number; printed: Printed }> {
  let text = '';
  const stdout = { write: (part: string) => (text += part) };
  const code = await runValidate(
    { paths: [`${folder}/${file}`], strict: false, json: true },
    { stdout, stderr: stdout, isTty: false, now: instant(Date.UTC(2026, 10, 24)) },
  );
  const printed: Printed = JSON.parse(text);
  return { code, printed };
}

describe('invalid policy files', () => {
  it('are all listed, at least fifty', () => {
    expect(INVALID_FILES.map((each) => each.file).toSorted()).toEqual(readdirSync(folder).toSorted());
    expect(INVALID_FILES.length).toBeGreaterThanOrEqual(50);
  });

  it.each(INVALID_FILES)('$file is refused at $line:$column', async ({ file, line, column, path, cure, count }) => {
    const { code, printed } = await validate(file);

    expect(code).toBe(2);
    expect(printed.valid).toBe(false);
    expect(printed.problems.map((each) => each.message)).toHaveLength(count ?? 1);
    const problem = printed.problems.find((each) => each.message.includes(cure)) ?? printed.problems[0];
    expect(problem).toEqual({ severity: 'error', file: `${folder}/${file}`, line, column, path, message: expect.stringContaining(cure) });
    expect(JSON.stringify(printed)).not.toContain('hunter');
    expect(JSON.stringify(printed)).not.toContain('/secret"');
  });
});
