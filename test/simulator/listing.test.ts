import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { at, errorOf, idsIn, scene, textAt, type Answer, type Scene } from './cloud-client.ts';

const fast = { creation: { minMs: 0, maxMs: 0 }, snapshotsPerVolume: null } as const;

/** Puts snapshots, `seconds` apart in the order given. */
function put({ sim, volumeId }: Scene, seconds: readonly number[]): string[] {
  const start = Date.parse('2026-11-20T00:00:00Z');
  return seconds.map((second) => sim.putSnapshot({ volume: volumeId, createdAt: start + second * 1000 }).id);
}

function nextMarker(answer: Answer): string | undefined {
  const href = at(answer.json, 'snapshots_links', 0, 'href');
  return typeof href === 'string' ? (new URL(href).searchParams.get('marker') ?? undefined) : undefined;
}

describe('paging', () => {
  test.each(['evs', 'cinder'] as const)('%s: by marker, every snapshot comes once and newest first', async (flavour) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom('/snapshots', '/snapshots/detail'),
        async (seconds, limit, path) => {
          const here = await scene({ ...fast, flavour });
          put(here, seconds);
          const expected = here.sim.snapshots().map((snapshot) => snapshot.id);
          const seen: string[] = [];
          let marker: string | undefined;
          let pages = 0;

          do {
            const answer = await here.client.get(`${path}?limit=${limit}${marker === undefined ? '' : `&marker=${marker}`}`);
            seen.push(...idsIn(answer));
            marker = nextMarker(answer);
            pages += 1;
          } while (marker !== undefined);
          await here.sim.close();

          expect(seen).toEqual(expected);
          // Cinder links on from a full last page; EVS does not.
          expect(pages).toBe(flavour === 'cinder' ? Math.floor(seconds.length / limit) + 1 : Math.max(1, Math.ceil(seconds.length / limit)));
        },
      ),
      { numRuns: 15 },
    );
  });

  test('order: created_at descending, then id descending', async () => {
    const here = await scene({ ...fast, flavour: 'cinder' });
    put(here, [3, 1, 2, 2, 2, 1]);

    const answer = await here.client.get('/snapshots/detail');

    const list = at(answer.json, 'snapshots');
    const keys = Array.isArray(list) ? list.map((item: unknown) => `${textAt(item, 'created_at')} ${textAt(item, 'id')}`) : [];
    expect(keys).toHaveLength(6);
    expect(keys).toEqual(keys.toSorted().toReversed());
  });

  test('offset counts from 0 and shifts when something is made meanwhile', async () => {
    const here = await scene(fast);
    const [a, b, c] = put(here, [1, 2, 3]);

    const first = idsIn(await here.client.get('/snapshots?limit=1&offset=1'));
    put(here, [4]);
    const second = idsIn(await here.client.get('/snapshots?limit=2&offset=2'));

    expect(first).toEqual([b]);
    expect(second).toEqual([b, a]);
    expect(c).toBeDefined();
  });

  test('links: EVS names an internal host and another version, Cinder itself', async () => {
    const evs = await scene(fast);
    const cinder = await scene({ ...fast, flavour: 'cinder' });
    put(evs, [1, 2]);
    put(cinder, [1, 2]);

    const fromEvs = await evs.client.get(`/snapshots/detail?limit=1&volume_id=${evs.volumeId}`);
    const fromCinder = await cinder.client.get(`/snapshots/detail?limit=1&volume_id=${cinder.volumeId}`);

    expect(textAt(fromEvs.json, 'snapshots_links', 0, 'href')).toMatch(/^https:\/\/volume\.localdomain:8776\/v2\//);
    const href = textAt(fromCinder.json, 'snapshots_links', 0, 'href');
    expect(href.startsWith(`${cinder.sim.url}/v3/${cinder.sim.projectId}/snapshots/detail?`)).toBe(true);
    // Filters are kept: following the link gives the other one.
    expect(idsIn(await cinder.client.get(href))).toEqual(cinder.sim.snapshots().slice(1).map((snapshot) => snapshot.id));
  });

  test('last page: null or absent on EVS, a link to nothing on Cinder when it is full', async () => {
    const evs = await scene(fast);
    const cinder = await scene({ ...fast, flavour: 'cinder' });
    put(evs, [1]);
    put(cinder, [1]);

    const plain = await evs.client.get('/snapshots?limit=1');
    const detail = await evs.client.get('/snapshots/detail?limit=1');
    const full = await cinder.client.get('/snapshots?limit=1');
    const after = await cinder.client.get(`/snapshots?limit=1&marker=${nextMarker(full) ?? ''}`);

    expect(at(plain.json, 'snapshots_links')).toBeNull();
    expect(at(detail.json, 'snapshots_links')).toBeUndefined();
    expect(after.json).toEqual({ snapshots: [] });
  });

  test.each([
    ['evs', 'limit=0', 400, 'EVS.1023'],
    ['evs', 'limit=-1', 400, 'EVS.1023'],
    ['evs', 'limit=abc', 400, 'EVS.1023'],
    ['evs', 'limit=1001', 400, 'EVS.2142'],
    ['evs', 'marker=nope', 400, 'EVS.1024'],
    ['evs', 'marker=11111111-1111-4111-8111-111111111111', 404, 'EVS.5404'],
    ['cinder', 'limit=-1', 400, 'limit param must be positive'],
    ['cinder', 'limit=abc', 400, 'limit param must be an integer'],
    ['cinder', 'offset=-1', 400, 'offset must be >= 0'],
    ['cinder', 'marker=nope', 404, 'Snapshot nope could not be found.'],
    ['cinder', 'sort=name:asc', 400, 'Invalid input received: Invalid sort key'],
    ['cinder', 'sort=created_at:up', 400, "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'."],
  ] as const)('%s refuses %s', async (flavour, query, status, expected) => {
    const { client } = await scene({ ...fast, flavour });

    const answer = await client.get(`/snapshots?${query}`);

    const error = errorOf(answer);
    expect([answer.status, flavour === 'evs' ? error.code : error.message]).toEqual([status, expected]);
  });

  test('limits that are taken: 0 and too much on Cinder, 1 and 1000 on EVS', async () => {
    const cinder = await scene({ ...fast, flavour: 'cinder' });
    const evs = await scene(fast);
    put(cinder, [1]);
    put(evs, [1]);

    const counts = [
      idsIn(await cinder.client.get('/snapshots?limit=0')).length,
      idsIn(await cinder.client.get('/snapshots?limit=5000')).length,
      idsIn(await evs.client.get('/snapshots?limit=1')).length,
      idsIn(await evs.client.get('/snapshots?limit=1000')).length,
    ];

    expect(counts).toEqual([0, 1, 1, 1]);
  });

  test('at most 1000 a page, with a link on, without limit too', async () => {
    const here = await scene({ ...fast, flavour: 'cinder' });
    put(here, Array.from({ length: 1001 }, (_, n) => n));

    const first = await here.client.get('/snapshots');
    const second = await here.client.get(`/snapshots?marker=${nextMarker(first) ?? ''}`);

    expect([idsIn(first).length, idsIn(second).length, nextMarker(second)]).toEqual([1000, 1, undefined]);
  });

  test('a marker that is deleted meanwhile ends the paging with 404', async () => {
    const here = await scene({ ...fast, deletion: { minMs: 0, maxMs: 0 } });
    put(here, [1, 2, 3]);
    const marker = nextMarker(await here.client.get('/snapshots?limit=1')) ?? '';

    await here.client.send('DELETE', `/snapshots/${marker}`);

    expect((await here.client.get(`/snapshots?limit=1&marker=${marker}`)).status).toBe(404);
  });

  test('sorting the other way, and by other keys', async () => {
    const here = await scene({ ...fast, flavour: 'cinder' });
    const [a, b, c] = put(here, [1, 2, 3]);
    await here.client.send('PUT', `/snapshots/${b ?? ''}`, { snapshot: { name: 'zz' } });
    await here.client.send('PUT', `/snapshots/${c ?? ''}`, { snapshot: { name: 'aa' } });

    expect(idsIn(await here.client.get('/snapshots?sort=created_at:asc'))).toEqual([a, b, c]);
    expect(idsIn(await here.client.get('/snapshots?sort_key=created_at&sort_dir=asc&limit=1&offset=1'))).toEqual([b]);
    expect(idsIn(await here.client.get(`/snapshots?sort=created_at:asc&marker=${b ?? ''}`))).toEqual([c]);
    expect(idsIn(await here.client.get('/snapshots?sort=display_name:desc'))).toEqual([b, c, a]);
  });
});

describe('filters', () => {
  async function named(flavour: 'evs' | 'cinder') {
    const here = await scene({ ...fast, flavour });
    const { sim, volumeId } = here;
    const other = sim.volumes()[1]?.id ?? '';
    const ids = {
      alpha: sim.putSnapshot({ volume: volumeId, name: 'alpha', metadata: { run: 'r1', x: 'y' } }).id,
      alphabet: sim.putSnapshot({ volume: other, name: 'alphabet', metadata: { run: 'r2' } }).id,
      failed: sim.putSnapshot({ volume: other, name: 'Beta', status: 'error' }).id,
    };
    return { ...here, ids, other };
  }

  test('name: any part on EVS, the whole without regard to case on Cinder', async () => {
    const evs = await named('evs');
    const cinder = await named('cinder');

    expect(idsIn(await evs.client.get('/snapshots/detail?name=alpha')).toSorted()).toEqual([evs.ids.alpha, evs.ids.alphabet].toSorted());
    expect(idsIn(await evs.client.get('/snapshots/detail?name=ALPHA'))).toEqual([]);
    expect(idsIn(await cinder.client.get('/snapshots/detail?name=ALPHA'))).toEqual([cinder.ids.alpha]);
    expect(idsIn(await cinder.client.get('/snapshots/detail?name=alph'))).toEqual([]);
  });

  test('status and volume_id combine; a value nothing has gives an empty list', async () => {
    const { client, ids, other } = await named('cinder');

    expect(idsIn(await client.get(`/snapshots?volume_id=${other}&status=ERROR`))).toEqual([ids.failed]);
    expect((await client.get('/snapshots?status=bogus')).json).toEqual({ snapshots: [] });
  });

  test('unknown filters are ignored: everything comes back; newer microversions refuse them', async () => {
    const evs = await named('evs');
    const cinder = await named('cinder');

    expect(idsIn(await evs.client.get('/snapshots?volum_id=x'))).toHaveLength(3);
    expect(idsIn(await cinder.client.get('/snapshots?foo=x'))).toHaveLength(3);
    const strict = await cinder.client.get('/snapshots?foo=x', { 'OpenStack-API-Version': 'volume 3.70' });
    expect([strict.status, errorOf(strict).message]).toEqual([400, 'Invalid filters foo are found in query options.']);
  });

  test('metadata: ignored below 3.22, then pairs are all wanted, in either spelling', async () => {
    const { client, ids } = await named('cinder');
    const find = async (filter: string, version?: string) =>
      idsIn(await client.get(`/snapshots?metadata=${encodeURIComponent(filter)}`, version === undefined ? {} : { 'OpenStack-API-Version': `volume ${version}` }));

    expect(await find("{'run':'r1'}")).toHaveLength(3);
    expect(await find("{'run':'r1'}", '3.22')).toEqual([ids.alpha]);
    expect(await find('{"run":"r1","x":"y"}', '3.22')).toEqual([ids.alpha]);
    expect(await find('{"run":"r2","x":"y"}', '3.22')).toEqual([]);
    expect(await find('junk', '3.22')).toEqual([]);
  });

  test('with_count from 3.45; an unknown filter before', async () => {
    const { client } = await named('cinder');

    const counted = await client.get('/snapshots?with_count=true&limit=1', { 'OpenStack-API-Version': 'volume 3.45' });
    const before = await client.get('/snapshots?with_count=true', { 'OpenStack-API-Version': 'volume 3.44' });

    expect([at(counted.json, 'count'), idsIn(counted).length, before.status]).toEqual([3, 1, 400]);
  });
});
