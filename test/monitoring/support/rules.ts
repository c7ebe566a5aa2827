import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';

export const RULES_FILE = fileURLToPath(new URL('../../../config/prometheus/snapkeep.rules.yaml', import.meta.url));

const Recording = z.strictObject({ record: z.string().regex(/^snapkeep:\w+:\w+$/), expr: z.string() });
const Alert = z.strictObject({
  alert: z.string().regex(/^Snapkeep[A-Z]\w+$/),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
const Rules = z.strictObject({ groups: z.array(z.strictObject({ name: z.string(), rules: z.array(z.union([Recording, Alert])) })) });

export type AlertRule = z.infer<typeof Alert>;

/** The rules that are shipped, in order; throws where one lacks a severity, a text or its runbook. */
export function readRules(): readonly (z.infer<typeof Recording> | AlertRule)[] {
  return Rules.parse(parse(readFileSync(RULES_FILE, 'utf8'))).groups.flatMap(({ rules }) => rules);
}

export function readAlerts(): readonly AlertRule[] {
  return readRules().filter((rule) => 'alert' in rule);
}
