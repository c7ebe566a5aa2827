import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Agenda } from '../../src/simulator/state/agenda.ts';
import { parseSdkDate, zonelessSecond, zonelessTimestamp, zonedTimestamp } from '../../src/simulator/state/clock.ts';
import { compareOrdered, OrderedIndex } from '../../src/simulator/state/ordered-index.ts';
import { seededRandom } from '../../src/simulator/state/random.ts';
import { globMatches } from '../../src/simulator/faults/glob.ts';
import { pythonRepr, pythonStr } from '../../src/simulator/cloud-api/python-text.ts';
import { idsIn, scene } from './cloud-client.ts';

interface Item {
  readonly id: string;
  readonly sortKey: number;
}

function readPage(items: Generator<Item>): void {
  for (let n = 0; n < 50; n += 1) items.next();
}

describe('the ordered index', () => {
  const item = fc.record({ id: fc.uuid(), sortKey: fc.integer({ min: 0, max: 20 }) });
  const items = fc.uniqueArray(item, { selector: ({ id }) => id, maxLength: 60 });

  test('is what sorting would give, after any adding and removing, from any marker, in both directions', () => {
    fc.assert(
      fc.property(items, fc.array(fc.nat(60)), item, fc.nat(10), (added, removals, marker, skip) => {
        const index = new OrderedIndex<Item>();
        for (const one of added) index.add(one);
        const gone = new Set(removals.map((at) => added[at]).filter((one) => one !== undefined));
        for (const one of gone) expect(index.remove(one)).toBe(true);
        for (const one of gone) expect(index.remove(one)).toBe(false);

        const sorted = added.filter((one) => !gone.has(one)).toSorted(compareOrdered);

        expect([...index.oldestFirst()]).toEqual(sorted);
        expect([...index.newestFirst()]).toEqual(sorted.toReversed());
        expect([...index.newestFirst(undefined, skip)]).toEqual(sorted.toReversed().slice(skip));
        expect([...index.newestFirst(marker)]).toEqual(sorted.filter((one) => compareOrdered(one, marker) < 0).toReversed());
        expect([...index.newestFirst(marker, skip)]).toEqual(
          sorted.filter((one) => compareOrdered(one, marker) < 0).toReversed().slice(skip),
        );
        expect([...index.oldestFirst(marker)]).toEqual(sorted.filter((one) => compareOrdered(one, marker) > 0));
        expect(index.size).toBe(sorted.length);
      }),
    );
  });

  test('stays so when blocks split and empty', () => {
    const index = new OrderedIndex<Item>();
    const random = seededRandom(5);
    const all = Array.from({ length: 5000 }, () => ({ id: random.uuid(), sortKey: random.between(0, 100) }));
    for (const one of all) index.add(one);
    const kept = all.filter((_, at) => at % 7 === 0);
    for (const one of all) if (!kept.includes(one)) index.remove(one);

    expect([...index.newestFirst()]).toEqual(kept.toSorted(compareOrdered).toReversed());
    expect([...index.newestFirst(undefined, 600)]).toEqual(kept.toSorted(compareOrdered).toReversed().slice(600));
  });

  test.each([
    ['adding the newest', (index: OrderedIndex<Item>) => index.add({ id: 'z', sortKey: 1e9 })],
    ['adding an old one', (index: OrderedIndex<Item>) => index.add({ id: 'z', sortKey: 4321 })],
    ['a page from a marker in the middle', (index: OrderedIndex<Item>) => readPage(index.newestFirst({ id: 'z', sortKey: 4321 }))],
    ['a page at a far offset', (index: OrderedIndex<Item>) => readPage(index.newestFirst(undefined, 5000))],
  ])('work does not grow with the number of items: %s', (_what, act) => {
    const steps = (size: number) => {
      const index = new OrderedIndex<Item>();
      for (let n = 0; n < size; n += 1) index.add({ id: `i${n}`, sortKey: n });
      const before = index.steps;
      act(index);
      return index.steps - before;
    };

    const small = steps(10_000);
    const large = steps(500_000);

    // One block, and a binary search over blocks.
    expect(small).toBeGreaterThan(0);
    expect(large).toBeLessThan(small + 600);
  });
});

test('the agenda runs what is due, in order of time, then of adding', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(20), (times, nowMs) => {
      const agenda = new Agenda();
      const ran: [number, number][] = [];
      for (const [order, atMs] of times.entries()) agenda.add(atMs, () => ran.push([atMs, order]));

      agenda.runDue(nowMs);
      const first = [...ran];
      agenda.runDue(1000);

      const sorted = times.map((atMs, order): [number, number] => [atMs, order]).toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
      expect(first).toEqual(sorted.filter(([atMs]) => atMs <= nowMs));
      expect(ran).toEqual(sorted);
    }),
  );
});

test('timestamps', () => {
  const micros = Date.parse('2026-11-24T23:36:39.898Z') * 1000 + 364;

  expect(zonelessTimestamp(micros)).toBe('2026-11-24T23:36:39.898364');
  expect(zonelessSecond(micros)).toBe('2026-11-24T23:36:39.000000');
  expect(zonedTimestamp(Date.parse('2020-01-04T09:05:22.701Z'))).toBe('2020-01-04T09:05:22.701000Z');
  expect(zonelessTimestamp(-1)).toBe('1969-12-31T23:59:59.999999');
  expect(parseSdkDate('20191115T033655Z')).toBe(Date.parse('2019-11-15T03:36:55Z'));
  expect([parseSdkDate('2019-11-15T03:36:55Z'), parseSdkDate('20191315T033655Z')]).toEqual([undefined, undefined]);
});

test('chance repeats and stays in its bounds', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(1000), fc.nat(1000), (seed, min, span) => {
      const one = seededRandom(seed);
      const two = seededRandom(seed);
      const drawn = one.between(min, min + span);

      expect(two.between(min, min + span)).toBe(drawn);
      expect(drawn >= min && drawn <= min + span).toBe(true);
      expect(one.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }),
  );
});

test.each([
  ['db-*', 'db-1', true],
  ['db-*', 'xdb-1', false],
  ['db-?', 'db-12', false],
  ['*.a', 'xba', false],
  ['a*', 'a\nb', true],
  ['db', 'db', true],
])('glob %j on %j is %s', (pattern, text, expected) => {
  expect(globMatches(pattern, text)).toBe(expected);
});

test.each([
  [null, 'None'],
  [[true, 1, 'a'], "[True, 1, 'a']"],
  [{ a: { b: false } }, "{'a': {'b': False}}"],
  ["it's", `"it's"`],
  [`it's "x"`, `'it\\'s "x"'`],
  ['a\\b\n', `'a\\\\b\\n'`],
])('%j as Python shows it', (value, text) => {
  expect(pythonRepr(value)).toBe(text);
  expect(pythonStr('bare')).toBe('bare');
});

test('a full cloud, a hundred thousand volumes with a snapshot each, still answers right', async () => {
  const many = 100_000;
  const { sim, client } = await scene({ volumes: many, snapshotsPerVolume: null });
  const volumes = sim.volumes();
  for (const [at, volume] of volumes.entries()) sim.putSnapshot({ volume: volume.id, createdAt: Date.parse('2026-01-01T00:00:00Z') + at });
  const marker = sim.snapshots()[many / 2]?.id ?? '';
  const middle = volumes[many / 2]?.id ?? '';

  const page = await client.get(`/snapshots/detail?limit=50&marker=${marker}`);
  const one = await client.get(`/snapshots/detail?volume_id=${middle}`);
  const created = await client.createdId(middle);
  const newest = await client.get('/snapshots?limit=1');

  expect(idsIn(page)).toEqual(sim.snapshots().slice(many / 2 + 2, many / 2 + 52).map((snapshot) => snapshot.id));
  expect(one.json).toMatchObject({ snapshots: [{ volume_id: middle }] });
  expect(newest.json).toMatchObject({ snapshots: [{ id: created }] });
});
