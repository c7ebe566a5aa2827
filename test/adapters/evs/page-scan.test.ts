import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scanPages, type Cursor } from '#adapters/evs/page-scan';
import { CloudFailure } from '#domain/failure/failure';
import { failureOf, gather } from './cloud-fixture.ts';

interface Item {
  readonly id: string;
}

interface ListOptions {
  readonly maxPage?: number;
  readonly links?: 'cinder' | 'when-more' | 'never';
  readonly markers?: 'yes' | 'ignored' | 'refused';
  readonly offsets?: 'yes' | 'ignored';
  readonly counts?: boolean;
  /** Called before each page but the first, to change the list meanwhile. */
  readonly meanwhile?: (list: Item[], fetches: number) => void;
}

const gone = (code = 'itemNotFound') =>
  new CloudFailure({ kind: code === 'EVS.1024' ? 'invalid' : 'not_found', httpStatus: 404, code, message: 'x', requestId: null, retryAfterMs: null, outcomeUnknown: false });

/** A listing as Cinder makes it, or as others might. */
function listing(count: number, limit: number, options: ListOptions = {}) {
  const list: Item[] = Array.from({ length: count }, (_each, index) => ({ id: `i${index}` }));
  const cursors: Cursor[] = [];
  const size = Math.min(limit, options.maxPage ?? limit);
  return {
    list,
    cursors,
    limit,
    fetch: async (cursor: Cursor) => {
      if (cursors.length > 0) options.meanwhile?.(list, cursors.length);
      cursors.push(cursor);
      let start = 0;
      if ('offset' in cursor) start = options.offsets === 'ignored' ? 0 : cursor.offset;
      else if (cursor.marker !== null && options.markers !== 'ignored') {
        const place = list.findIndex((item) => item.id === cursor.marker);
        if (place < 0 || options.markers === 'refused') throw gone(options.markers === 'refused' ? 'EVS.1024' : undefined);
        start = place + 1;
      }
      const items = list.slice(start, start + size);
      const more = start + items.length < list.length;
      const hasNextLink = options.links === 'never' ? false : options.links === 'when-more' ? more : items.length === size;
      return { items, hasNextLink, total: options.counts === true ? list.length : null };
    },
  };
}

const ids = (items: readonly Item[]) => items.map((item) => item.id);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_each, index) => `i${from + index}`);

describe('by marker', () => {
  it.each([
    [0, 1],
    [1, 1],
    [999, 1],
    [1000, 2],
    [1001, 2],
    [1003, 2],
    [2000, 3],
    [2500, 3],
  ])('%i items of at most 1000 a page take %i calls', async (count, calls) => {
    const server = listing(count, 1000);
    expect(ids(await gather(scanPages(server)))).toEqual(range(0, count));
    expect(server.cursors).toHaveLength(calls);
  });

  it.each<[string, ListOptions]>([
    ['links only when more remain', { links: 'when-more' }],
    ['no links at all', { links: 'never' }],
    ['a smaller page than asked for, with links', { maxPage: 10 }],
    ['a smaller page than asked for, no links but a count', { maxPage: 10, links: 'never', counts: true }],
    ['markers ignored', { markers: 'ignored' }],
    ['markers refused', { markers: 'refused' }],
    ['no limit known', { maxPage: 1_000_000, links: 'never' }],
  ])('a server with %s is read whole', async (_name, options) => {
    const server = listing(105, options.maxPage === 1_000_000 ? 50 : 25, options);
    const fetch = options.maxPage === 1_000_000 ? async () => ({ items: server.list, hasNextLink: false, total: null }) : server.fetch;
    expect(ids(await gather(scanPages({ limit: server.limit, fetch })))).toEqual(range(0, 105));
  });

  it.each([
    ['the marker itself', 1],
    ['the whole page before', 10],
    ['all that was read', 20],
  ])('goes on where %s was deleted meanwhile', async (_name, removed) => {
    const server = listing(50, 10, {
      meanwhile: (list, fetches) => {
        if (fetches === 2) list.splice(20 - removed, removed);
      },
    });
    expect(ids(await gather(scanPages(server)))).toEqual(range(0, 50));
  });

  it('items made meanwhile at the top do not disturb', async () => {
    const server = listing(50, 10, { meanwhile: (list, fetches) => void list.unshift({ id: `new${fetches}` }) });
    expect(ids(await gather(scanPages(server)))).toEqual(range(0, 50));
  });

  it.each<[string, ListOptions]>([
    ['neither marker nor place', { markers: 'ignored', offsets: 'ignored' }],
    ['no marker, and the place ignored', { markers: 'refused', offsets: 'ignored' }],
  ])('throws where the server knows %s', async (_name, options) => {
    expect(await failureOf(gather(scanPages(listing(50, 10, options))))).toMatchObject({ kind: 'transient', code: 'listing' });
  });

  it('throws where every marker is gone at once, again and again', async () => {
    let made = 0;
    const server = listing(30, 10, {
      offsets: 'yes',
      meanwhile: (list) => {
        const size = list.length;
        list.splice(0, size);
        for (let index = 0; index < size; index += 1) list.push({ id: `again${(made += 1)}` });
      },
    });
    expect(await failureOf(gather(scanPages(server)))).toMatchObject({ code: 'listing' });
  });

  it('another failure ends the listing', async () => {
    const failure = new Error('500');
    let calls = 0;
    const server = listing(50, 10);
    const fetch = async (cursor: Cursor) => {
      calls += 1;
      if (calls === 3) throw failure;
      return server.fetch(cursor);
    };
    await expect(gather(scanPages({ limit: 10, fetch }))).rejects.toBe(failure);
  });

  it('whatever is deleted or made meanwhile, what was there all the time is found, and nothing twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 120 }),
        fc.constantFrom<ListOptions>({}, { links: 'when-more' }, { links: 'never' }, { maxPage: 7 }),
        fc.array(fc.tuple(fc.nat(119), fc.boolean()), { maxLength: 40 }),
        async (count, options, changes) => {
          const removed = new Set<string>();
          const server = listing(count, 10, {
            ...options,
            meanwhile: (list, fetches) => {
              const change = changes[fetches - 1];
              if (change === undefined) return;
              if (change[1]) list.unshift({ id: `new${fetches}` });
              else for (const item of list.splice(change[0], 3)) removed.add(item.id);
            },
          });
          const found = ids(await gather(scanPages(server)));
          expect(new Set(found).size).toBe(found.length);
          expect(range(0, count).filter((id) => !removed.has(id) && !found.includes(id))).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('by place', () => {
  it.each<[string, number, ListOptions]>([
    ['nothing', 0, { counts: true }],
    ['a count and no links', 105, { counts: true, links: 'never' }],
    ['a count and smaller pages than asked for', 105, { counts: true, links: 'never', maxPage: 7 }],
    ['no count', 105, {}],
    ['exactly full pages', 100, { counts: true, links: 'never' }],
  ])('reads a listing with %s', async (_name, count, options) => {
    expect(ids(await gather(scanPages({ ...listing(count, 25, options), byOffset: true })))).toEqual(range(0, count));
  });

  it('reads all although items go away and come meanwhile', async () => {
    const server = listing(500, 50, {
      counts: true,
      meanwhile: (list, fetches) => {
        if (fetches % 3 === 0) list.splice(0, fetches === 3 ? 60 : 10);
        else list.unshift({ id: `new${fetches}` });
      },
    });
    const found = ids(await gather(scanPages({ ...server, byOffset: true })));
    expect(new Set(found).size).toBe(found.length);
    expect(range(200, 500).filter((id) => !found.includes(id))).toEqual([]);
  });

  it('believes its own reading where the cloud counts what it does not show', async () => {
    const server = listing(60, 25);
    const fetch = async (cursor: Cursor) => ({ ...(await server.fetch(cursor)), total: 63 });
    expect(ids(await gather(scanPages({ limit: 25, fetch, byOffset: true })))).toEqual(range(0, 60));
    expect(server.cursors.length).toBeLessThan(20);
  });
});
