import { beforeAll, describe, expect, test } from 'vitest';
import { NOBODY } from './cloud-under-test.ts';
import { differing, expectedOf } from './differences.ts';
import { givenVolume, type Given } from './given.ts';
import { idsIn, keysOf, snapshotsIn, type Answer, type SnapshotJson } from './raw-client.ts';
import { refused, told } from './told.ts';

const SUMMARY = ['id', 'created_at', 'updated_at', 'name', 'description', 'volume_id', 'status', 'size', 'metadata'];
const DETAIL = [...SUMMARY, 'os-extended-snapshot-attributes:project_id', 'os-extended-snapshot-attributes:progress'];
const COUNT = 7;

interface Links {
  readonly snapshots_links?: readonly { readonly rel: string; readonly href: string }[] | null;
}

/** `a link`, `null` or `absent`. */
function linkIn({ json }: Answer): string {
  const { snapshots_links } = json as Links;
  return snapshots_links === undefined ? 'absent' : snapshots_links === null ? 'null' : 'a link';
}

function hrefIn({ json }: Answer): URL | null {
  const [link] = (json as Links).snapshots_links ?? [];
  return link === undefined ? null : new URL(link.href);
}

export function listing(given: Given): void {
  describe('listing', () => {
    const volume = givenVolume(given, 'listing');
    /** Newest first. */
    let all: readonly SnapshotJson[] = [];
    const path = (query: string, suffix = '') => `/snapshots${suffix}?volume_id=${volume.id}&${query}`;

    beforeAll(async () => {
      const made: SnapshotJson[] = [];
      for (let n = 1; n <= COUNT; n += 1) made.push(await given.raw.made({ volume_id: volume.id, name: `listed-${n}`, metadata: { n: String(n) } }));
      all = made.toSorted((a, b) => (a.created_at === b.created_at ? (a.id < b.id ? 1 : -1) : a.created_at < b.created_at ? 1 : -1));
    });

    test.each(['', '/detail'])('%s newest first, those of one instant by their ids', async (suffix) => {
      const answer = await given.raw.get(path('', suffix));
      expect(answer.status).toBe(200);
      expect(idsIn(answer)).toEqual(all.map(({ id }) => id));
      expect(keysOf(snapshotsIn(answer)[0])).toEqual(suffix === '' ? SUMMARY : DETAIL);
    });

    test.each([
      [1, COUNT],
      [2, Math.ceil(COUNT / 2)],
      [3, Math.ceil(COUNT / 3)],
    ])('by marker, %i a page: none is lost and none comes twice', async (limit, pages) => {
      const seen: string[] = [];
      let marker = '';
      for (let page = 1; page <= pages; page += 1) {
        const ids = idsIn(await given.raw.get(path(`limit=${limit}${marker === '' ? '' : `&marker=${marker}`}`, '/detail')));
        seen.push(...ids);
        marker = ids.at(-1) ?? '';
      }
      expect(seen).toEqual(all.map(({ id }) => id));
      expect(idsIn(await given.raw.get(path(`limit=${limit}&marker=${marker}`)))).toEqual([]);
    });

    test('by marker, what is made meanwhile changes nothing', async () => {
      const first = idsIn(await given.raw.get(path('limit=4')));
      const extra = await given.raw.made({ volume_id: volume.id, name: 'meanwhile' });
      const second = idsIn(await given.raw.get(path(`limit=1000&marker=${first.at(-1)}`)));
      await given.raw.send('DELETE', `/snapshots/${extra.id}`);
      await given.raw.gone(extra.id);
      // Of the same second, and so anywhere in it, it may be where Cinder sorts by the second.
      expect([...first, ...second].filter((id) => id !== extra.id)).toEqual(all.map(({ id }) => id));
    });

    test('by offset: counts from 0, goes with a limit, and with a marker counts behind it', async () => {
      const ids = all.map(({ id }) => id);
      expect(idsIn(await given.raw.get(path('offset=2')))).toEqual(ids.slice(2));
      expect(idsIn(await given.raw.get(path('offset=2&limit=3')))).toEqual(ids.slice(2, 5));
      expect(idsIn(await given.raw.get(path(`offset=1&limit=2&marker=${ids[1]}`)))).toEqual(ids.slice(3, 5));
      expect(idsIn(await given.raw.get(path('offset=100')))).toEqual([]);
    });

    test('links: behind a full last page, behind one that is not full, and where to', async () => {
      const links = async (query: string) => ({ plain: linkIn(await given.raw.get(path(query))), detailed: linkIn(await given.raw.get(path(query, '/detail'))) });
      expect(await links(`limit=${COUNT}`)).toEqual(differing(given.kind, 'list: the link behind a full last page'));
      expect(await links(`limit=${COUNT + 1}`)).toEqual(differing(given.kind, 'list: the link behind a page that is not full'));
      expect(await links('limit=2')).toEqual({ plain: 'a link', detailed: 'a link' });

      const href = hrefIn(await given.raw.get(path('limit=2&offset=1')));
      const where = `${href?.origin ?? ''}${href?.pathname ?? ''}`.replace(given.cloud.endpoint, '{endpoint}').replace(given.cloud.projectId, '{project}');
      expect(where).toBe(differing(given.kind, 'list: where the link leads'));
      expect(href?.searchParams.get('marker')).toBe(all[2]?.id);
      expect(href?.searchParams.get('volume_id')).toBe(volume.id);
      expect(href?.searchParams.has('offset')).toBe(differing(given.kind, 'list: the link keeps the offset'));
    });

    test.each(['limit=0', 'limit=-1', 'limit=abc', 'limit=1001'])('list: %s', async (query) => {
      const answer = await given.raw.get(path(query));
      expect(told(answer)).toEqual(differing(given.kind, `list: ${query}`));
      if (answer.status === 200) expect(idsIn(answer)).toHaveLength(query === 'limit=0' ? 0 : COUNT);
    });

    test.each([
      ['offset=-1', 'offset must be >= 0'],
      ['offset=abc', 'offset must be an integer'],
      ['offset=2147483648', 'offset must be <= 2147483647'],
      ['sort=created_at:up', "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'."],
      ['sort=bogus:asc', 'Invalid input received: Invalid sort key'],
      ['sort=', 'Invalid input received: Invalid sort key'],
      ['sort=id&sort_key=id', "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter."],
    ])('list: %s', async (query, message) => {
      expect(told(await given.raw.get(path(query)))).toEqual(expectedOf(given.kind, `list: ${query}`, refused(given.kind, 400, message)));
    });

    test('an unknown marker is a 404: who pages loses the thread when it is deleted', async () => {
      expect(told(await given.raw.get(path(`marker=${NOBODY}`)))).toEqual(refused(given.kind, 404, `Snapshot ${NOBODY} could not be found.`));
      expect(told(await given.raw.get(path('marker=nope')))).toEqual(differing(given.kind, 'list: a marker that is no id'));
    });

    test('a filter that is not known is ignored, and everything comes', async () => {
      const ids = all.map(({ id }) => id);
      for (const query of ['volum=x', 'foo=bar', 'all_tenants=1', "metadata={'n':'1'}"]) expect(idsIn(await given.raw.get(path(query)))).toEqual(ids);
    });

    test('sorted the other way', async () => {
      expect(idsIn(await given.raw.get(path('sort=created_at:asc')))).toEqual(all.map(({ id }) => id).toReversed());
      expect(idsIn(await given.raw.get(path('sort_key=created_at&sort_dir=asc&limit=2')))).toEqual(all.map(({ id }) => id).toReversed().slice(0, 2));
    });

    test('a volume that nobody has and a status that nothing has give an empty list', async () => {
      for (const query of [`volume_id=${NOBODY}`, `volume_id=${volume.id}&status=error`, 'status=bogus']) {
        expect(idsIn(await given.raw.get(`/snapshots/detail?${query}`))).toEqual([]);
      }
    });

    describe('filters', () => {
      const named = givenVolume(given, 'named');
      const found = async (query: string) => {
        const names = snapshotsIn(await given.raw.get(`/snapshots/detail?volume_id=${named.id}&${query}`)).map(({ name }) => name ?? '');
        return names.toSorted();
      };
      beforeAll(async () => {
        await given.raw.made({ volume_id: named.id, name: 'alpha' });
        await given.raw.made({ volume_id: named.id, name: 'alphabet' });
        const failed = await given.raw.made({ volume_id: named.id, name: 'beta' });
        await given.cloud.setSnapshotStatus(failed.id, 'error');
      });

      test('list: the name finds, whole, in part, in capitals', async () => {
        expect(await found('name=alpha')).toEqual(differing(given.kind, 'list: the name finds'));
        expect(await found('name=alph')).toEqual(differing(given.kind, 'list: part of a name finds'));
        expect(await found('name=ALPHA')).toEqual(differing(given.kind, 'list: the name in capitals finds'));
      });

      test('list: the status finds, and goes with the name', async () => {
        expect(await found('status=available')).toEqual(['alpha', 'alphabet']);
        expect(await found('status=error')).toEqual(['beta']);
        expect(await found('status=error&name=alpha')).toEqual([]);
        expect(await found('status=AVAILABLE')).toEqual((differing(given.kind, 'list: the status in capitals finds') as string[]).toSorted());
      });
    });
  });
}
