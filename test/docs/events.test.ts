import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { eventsTable, README, withTable } from '../../config/tooling/events-table.ts';

test('the catalogue of events in the README is the one in the code; `npm run docs:events` writes it', async () => {
  const readme = await readFile(README, 'utf8');
  expect(withTable(readme, await eventsTable())).toBe(readme);
});

test('a row of it', async () => {
  expect((await eventsTable()).split('\n')).toContain(
    '| `run.failed` | error | no snapshot was made | `policy` `target` `due` `runId` `volumeId` `kind` `httpStatus?` `errorCode?` `errorMessage` `requestId?` `attempt` |',
  );
});
