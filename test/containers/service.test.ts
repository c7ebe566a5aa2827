import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';
import { waitFor } from '../support/wait-for.ts';
import type { Container } from './support/container.ts';
import { dueTimes, stage, VOLUMES } from './support/scene.ts';
import type { Created, Scene } from './support/scene.ts';

const nameOf = ({ policy, due, volumeId }: Created) => `${policy} ${due} ${volumeId}`;

function repeated(created: readonly Created[]): readonly string[] {
  const names = created.map(nameOf);
  return names.filter((name, index) => names.indexOf(name) !== index);
}

/** How many snapshots each due time in (from, until] has, by name; with VOLUMES each nothing is lost, whatever was repeated. */
async function volumesOf(scene: Scene, from: number, until: number): Promise<Readonly<Record<string, number>>> {
  const created = await scene.created();
  return Object.fromEntries(dueTimes(from, until).map(({ policy, due }) => [`${policy} ${due}`, new Set(created.filter((each) => each.due === due && each.policy === policy).map(({ volumeId }) => volumeId)).size]));
}

/** Until the cloud sees create calls of another due time: whatever comes next hits them half-way. */
async function untilCreating(scene: Scene): Promise<void> {
  const before = await scene.createCalls();
  await waitFor(() => scene.createCalls(), (calls) => calls > before, { what: 'create calls', timeoutMs: 30_000 });
}

async function settled(scene: Scene, from: number): Promise<Readonly<Record<string, number>>> {
  const until = Date.now();
  return waitFor(() => volumesOf(scene, from, until), (counts) => Object.values(counts).every((count) => count === VOLUMES), { what: 'all that was due', timeoutMs: 90_000, intervalMs: 500 });
}

/** Of the image, as the process reports it. */
async function revisionOf({ url }: Container): Promise<string | undefined> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return /^snapkeep_build_info\{version="[^"]+",revision="([^"]+)"\} 1$/m.exec(metrics)?.[1];
}

function showLogs(scene: Scene): void {
  onTestFailed(async () => {
    process.stdout.write(await scene.transcript());
  });
}

describe('the image', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await stage();
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  test('is process 1, not root, and can neither write to its root nor gain a capability; pages and commands work like that', async () => {
    const service = await scene.start('all', 'alone');
    showLogs(scene);

    const { output } = await service.exec(['cat', '/proc/1/cmdline', '/proc/1/status']);
    expect(output).toContain('/opt/snapkeep/dist/main.js');
    expect(output).toMatch(/^Uid:\s+65532\s+65532/m);
    expect(output).toMatch(/^CapEff:\s+0{16}$/m);
    expect(output).toMatch(/^CapBnd:\s+0{16}$/m);
    expect(output).toMatch(/^NoNewPrivs:\s+1$/m);
    expect((await service.exec(['touch', '/opt/snapkeep/x'])).output).toContain('Read-only file system');
    expect((await service.exec(['snapkeep', 'status', '--json'])).exitCode).toBe(0);
    expect((await fetch(`${service.url}/`)).status).toBe(200);
    expect(await revisionOf(service)).not.toBe('unknown');
    await waitFor(() => service.health(), (health) => health === 'healthy', { what: 'the image\'s own health check', timeoutMs: 120_000, intervalMs: 500 });
    expect((await scene.end(service)).code).toBe(0);
  });

  test('ends with 0 within its grace on SIGTERM in the middle of creates, and the next one finishes what was due (A15: taskforcesh/bullmq #425)', async () => {
    showLogs(scene);
    const from = Date.now();
    const first = await scene.start('all', 'before');
    await untilCreating(scene);

    const { code, seconds } = await scene.end(first);
    expect(code).toBe(0);
    expect(seconds).toBeLessThan(35);
    const lines = (await first.log()).trim().split('\n');
    expect(lines.at(-1)).toContain('"event":"service.stopped"');

    const second = await scene.start('all', 'after');
    await settled(scene, from);
    expect(repeated(await scene.created())).toEqual([]);
    await scene.end(second);
  });
});

test('a worker killed, Redis restarted, another version rolled out: one snapshot for each volume and due time', async () => {
  await using scene = await stage();
  showLogs(scene);
  const scheduler = await scene.start('scheduler', 'scheduler');
  const revision = await revisionOf(scheduler);
  const [first, second] = await Promise.all([scene.start('worker', 'worker-1'), scene.start('worker', 'worker-2')]);
  const from = Date.now();

  await untilCreating(scene);
  await first.kill();
  const third = await scene.start('worker', 'worker-3');

  await untilCreating(scene);
  await scene.redis.restart();

  // The way a Deployment rolls: the new one is ready before the old one is told to go.
  await untilCreating(scene);
  const rolled = [await scene.start('worker', 'worker-4', 'next'), await scene.start('worker', 'worker-5', 'next')];
  const ended = [await scene.end(second), await scene.end(third)];
  const nextScheduler = await scene.start('scheduler', 'scheduler-2', 'next');
  ended.push(await scene.end(scheduler));
  await untilCreating(scene);

  const counts = await settled(scene, from);
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(Object.keys(counts).length).toBeGreaterThanOrEqual(4);
  expect(new Set(Object.values(counts))).toEqual(new Set([VOLUMES]));
  expect(repeated(await scene.created())).toEqual([]);
  expect(await revisionOf(nextScheduler)).not.toBe(revision);

  for (const each of [nextScheduler, ...rolled]) expect((await scene.end(each)).code).toBe(0);
  process.stdout.write(`${Object.keys(counts).length} due times of ${VOLUMES} volumes, ${(await scene.created()).length} snapshots\n`);
});
