import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { findProgram } from './support/programs.ts';
import { RULES_FILE, readAlerts } from './support/rules.ts';

const run = promisify(execFile);
const here = fileURLToPath(new URL('promtool/', import.meta.url));
const files = readdirSync(here).filter((name) => name.endsWith('.yaml'));

describe('alert rules', () => {
  test('promtool finds no fault with them', async () => {
    const { stdout } = await run(findProgram('promtool'), ['check', 'rules', '--lint-fatal', RULES_FILE]);
    expect(stdout).toContain('SUCCESS');
  });

  test.each(files)('%s: they fire when they must and are quiet when they must', async (file) => {
    const { stdout } = await run(findProgram('promtool'), ['test', 'rules', file], { cwd: here }).catch((error: unknown) => {
      throw new Error((error as { stdout: string }).stdout);
    });
    expect(stdout).toContain('SUCCESS');
  });

  test('each alert is seen to fire with its texts, and to be quiet', () => {
    const seen = files.flatMap((file) => {
      const { tests } = parse(readFileSync(`${here}${file}`, 'utf8')) as { tests: { alert_rule_test?: { alertname: string; exp_alerts?: unknown[] }[] }[] };
      return tests.flatMap(({ alert_rule_test: checks }) => checks ?? []);
    });
    const names = (fires: boolean): string[] => [...new Set(seen.filter((check) => (check.exp_alerts !== undefined) === fires).map(({ alertname }) => alertname))];
    const alerts = readAlerts().map(({ alert }) => alert);
    expect(names(true).toSorted()).toEqual(alerts.toSorted());
    const quietElsewhere = ['SnapkeepBadRequests', 'SnapkeepQuotaExhausted', 'SnapkeepLoginFailing']; // runs.yaml, over ALERTS
    expect([...names(false), ...quietElsewhere].toSorted()).toEqual(alerts.toSorted());
  });
});
