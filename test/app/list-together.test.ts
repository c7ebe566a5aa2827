import { describe, expect, test } from 'vitest';
import { eachVolume } from '#app/list-together';
import type { CallOptions } from '#app/ports/cloud';
import { World } from '../fakes/world.ts';

/** A cloud with two volumes whose listings begin when the test says so. */
function slowCloud(): { world: World; list: (options?: CallOptions, withTags?: boolean) => Promise<readonly string[]>; letOneGo: (error?: Error) => Promise<void> } {
  const world = new World({ volumes: ['vol-1', 'vol-2'] });
  const held: PromiseWithResolvers<void>[] = [];
  world.cloud.beforeCall = async () => {
    const gate = Promise.withResolvers<void>();
    held.push(gate);
    await gate.promise;
  };
  return {
    world,
    async list(options = {}, withTags = false) {
      const ids: string[] = [];
      await eachVolume(world.cloud, withTags, options, ({ id }) => ids.push(id));
      return ids;
    },
    async letOneGo(error) {
      await expect.poll(() => held.length).toBeGreaterThan(0);
      const gate = held.shift();
      if (error === undefined) gate?.resolve();
      else gate?.reject(error);
    },
  };
}

describe('a listing for several', () => {
  test('those who ask while one is under way share the next, and see what was added before that began', async () => {
    const { world, list, letOneGo } = slowCloud();
    const first = list();
    const others = [list(), list(), list()];
    await letOneGo();
    expect(await first).toEqual(['vol-1', 'vol-2']);
    world.cloud.addVolume('vol-3');
    await letOneGo();
    for (const ids of await Promise.all(others)) expect(ids).toEqual(['vol-1', 'vol-2', 'vol-3']);
    expect(world.cloud.calls('volumePages')).toBe(2);
  });

  test('whoever asks as soon as it has been served is served again', async () => {
    const { world, list, letOneGo } = slowCloud();
    const twice = list().then(async () => list());
    await letOneGo();
    await letOneGo();
    expect(await twice).toEqual(['vol-1', 'vol-2']);
    expect(world.cloud.calls('volumePages')).toBe(2);
  });

  test('a failure reaches all it was for, and nobody else', async () => {
    const { list, letOneGo } = slowCloud();
    const first = list();
    const others = [list(), list()];
    await letOneGo();
    expect(await first).toHaveLength(2);
    await letOneGo(new Error('not listed'));
    for (const other of others) await expect(other).rejects.toThrow('not listed');
    const later = list();
    await letOneGo();
    expect(await later).toHaveLength(2);
  });

  test('other signals, priorities and tags are listings of their own', async () => {
    const { world, list, letOneGo } = slowCloud();
    const asked = [list(), list({ priority: 'create' }), list({ signal: new AbortController().signal }), list({}, true)];
    for (let n = 0; n < asked.length; n += 1) await letOneGo();
    await Promise.all(asked);
    expect(world.cloud.calls('volumePages')).toBe(4);
  });

  test('very many are served a hundred at a time', async () => {
    const { world, list, letOneGo } = slowCloud();
    const asked = Array.from({ length: 250 }, async () => list());
    for (let n = 0; n < 4; n += 1) await letOneGo();
    for (const ids of await Promise.all(asked)) expect(ids).toEqual(['vol-1', 'vol-2']);
    expect(world.cloud.calls('volumePages')).toBe(4);
  });
});
