import { expect, test } from 'vitest';
import { runPrune } from '../../src/cli/prune.ts';
import { answers } from '../fakes/cloud-answers.ts';
import { RetainedWorld, mark, night, retaining } from '../fakes/retained-world.ts';

async function prune(it: RetainedWorld, args: { policy?: string; dryRun?: boolean; confirm?: boolean }): Promise<{ code: number; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  const io = { stdout: { write: (text: string) => (stdout += text) }, stderr: { write: (text: string) => (stderr += text) }, isTty: false };
  const code = await runPrune(it.deps(), { dryRun: false, confirm: false, json: false, ...args }, io);
  return { code, stdout, stderr };
}

async function tooMany(): Promise<RetainedWorld> {
  const it = new RetainedWorld({ policies: [retaining({ last: 2 })] });
  it.addNights('vol-1', -6, -1);
  await it.clock.advanceTo(night(0));
  return it;
}

test('the brake is shown with its numbers and what to do, and holds with exit code 1; --confirm lifts it once', async () => {
  const it = await tooMany();
  const shown = await prune(it, { dryRun: true });
  expect(shown).toMatchObject({ code: 1, stderr: '' });
  expect(shown.stdout.split('\n').slice(0, 2)).toEqual([
    'nightly: 4 would be deleted, 2 stay',
    '  the brake would hold: this would delete at once 4 snapshots of volume vol-1 (at most 3 may go); and 4 of the 6 good snapshots of the policy (at most half may go). Look at --dry-run; then --confirm deletes them, this once',
  ]);
  const held = await prune(it, {});
  expect(held.code).toBe(1);
  expect(held.stdout.split('\n')[0]).toBe('nightly: 0 deleted, 2 stay');
  expect(it.left()).toHaveLength(6);
  const confirmed = await prune(it, { confirm: true });
  expect(confirmed.code).toBe(0);
  expect(confirmed.stdout.split('\n')[0]).toBe('nightly: 4 deleted, 2 stay');
  expect(it.left()).toEqual(['-2', '-1']);
});

test('a delete that is refused is shown with the cloud\'s words, with exit code 1', async () => {
  const it = await tooMany();
  it.cloud.failNext('deleteSnapshot', answers.plain400());
  const { code, stdout } = await prune(it, { policy: 'nightly', confirm: true });
  expect(code).toBe(1);
  expect(stdout).toContain('nightly: 3 deleted, 2 stay, 1 FAILED');
  expect(stdout).toMatch(/FAILED +vol-1 +vol-1--\d +400 EVS.5400 Invalid input received/);
});

test('wrong usage, and a cloud that does not list, change nothing', async () => {
  const it = await tooMany();
  expect(await prune(it, { dryRun: true, confirm: true })).toEqual({ code: 2, stdout: '', stderr: 'snapkeep: --dry-run deletes nothing, so there is nothing to --confirm\n' });
  expect(await prune(it, { policy: 'nobody' })).toMatchObject({ code: 2, stdout: '' });
  it.cloud.failNext('snapshotPages', answers.unavailable());
  expect(await prune(it, { confirm: true })).toMatchObject({ code: 1, stdout: '' });
  expect(it.left()).toHaveLength(6);
});

test('a target that does not list keeps no other from being pruned and shown', async () => {
  const it = new RetainedWorld({ policies: [retaining({ last: 1 }, { target: 'away' }), { ...retaining({ last: 1 }), name: 'other' }] });
  for (const count of [0, 1]) it.cloud.addSnapshot({ id: `other-${count}`, volumeId: 'vol-1', metadata: mark('vol-1', night(count), 'other') });
  await it.clock.advanceTo(night(2));
  it.cloud.failNext('snapshotPages', answers.unavailable());
  const { code, stdout, stderr } = await prune(it, {});
  expect(code).toBe(1);
  expect(stderr).toMatch(/^snapkeep: target away did not list everything, so nothing of it is decided: 503 /);
  expect(stdout).toMatch(/^other: 1 deleted, 1 stay\n/);
});
