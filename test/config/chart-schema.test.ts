import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chartSchema } from '../../config/tooling/chart-schema.ts';

test('the chart takes policies as snapkeep does: after a change of their schema, npm run chart:schema', () => {
  const written = readFileSync(new URL('../../helm/values.schema.json', import.meta.url), 'utf8');

  expect(written === chartSchema(written), 'helm/values.schema.json is not what the schema of policy files says: run npm run chart:schema').toBe(true);
});
