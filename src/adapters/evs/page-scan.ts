import { CloudFailure } from '#domain/failure/failure';
import type { Page } from './map-answers.ts';

/** Where a page starts: behind an item, or at a place in the list. */
export type Cursor = { readonly marker: string | null } | { readonly offset: number };

export interface PageScanOptions<T> {
  readonly limit: number;
  readonly fetch: (cursor: Cursor) => Promise<Page<T>>;
  /** By place from the first page on, for a family whose listing counts and knows no marker. */
  readonly byOffset?: boolean;
}

/** More restarts than this in one scan: the list changes faster than it can be read. */
const MAX_RESTARTS = 8;
/** After this many restarts from the top the server is taken for one that knows no markers. */
const MAX_MARKER_RESTARTS = 2;
const MAX_FETCHES = 10_000;
/** Pages by place overlap, for a list that shrinks meanwhile moves items to places already read. */
const OVERLAP = 20;

/**
 * Every item of a listing, page by page, none twice. Links are never followed, only noticed: their hosts are internal ones
 * (EVS API reference, list snapshots). A page short of the limit and without a link is the last; a full one is not, for Cinder
 * links even a full last page to an empty one (seen on Cinder 21.3.1, Zed).
 */
export async function* scanPages<T extends { readonly id: string }>(options: PageScanOptions<T>): AsyncGenerator<readonly T[]> {
  const scan = new Scan(options);
  if (options.byOffset !== true && (yield* byMarker(scan))) return;
  yield* byPlace(scan, scan.seenCount);
}

/** What one scan has seen, and the ways to a next page. */
class Scan<T extends { readonly id: string }> {
  readonly #options: PageScanOptions<T>;
  readonly #seen = new Set<string>();
  /** In the order of first sight. */
  readonly #order: string[] = [];
  #fetches = 0;
  restarts = 0;

  constructor(options: PageScanOptions<T>) {
    this.#options = options;
  }

  get seenCount(): number {
    return this.#order.length;
  }

  has(id: string): boolean {
    return this.#seen.has(id);
  }

  placeOf(id: string | null): number {
    // Asked only for what was read last, so it is found at once.
    return id === null ? -1 : this.#order.lastIndexOf(id);
  }

  idAt(place: number): string | null {
    return this.#order[place] ?? null;
  }

  async fetch(cursor: Cursor): Promise<Page<T>> {
    this.#fetches += 1;
    if (this.#fetches > MAX_FETCHES) throw unstable();
    return this.#options.fetch(cursor);
  }

  /** The items not seen before. */
  take(page: Page<T>): readonly T[] {
    const fresh: T[] = [];
    for (const item of page.items) {
      // One look-up for each of 100,000 items, not two.
      this.#seen.add(item.id);
      if (this.#seen.size === this.#order.length) continue;
      this.#order.push(item.id);
      fresh.push(item);
    }
    return fresh;
  }

  /** A page longer than asked for is of a server that knows no limit: it is all there is. */
  isLast(page: Page<T>, readSoFar: number): boolean {
    if (page.items.length === 0) return true;
    return page.items.length !== this.#options.limit && !page.hasNextLink && (page.total === null || readSoFar >= page.total);
  }

  restart(): void {
    this.restarts += 1;
    if (this.restarts > MAX_RESTARTS) throw unstable();
  }
}

/** True where the listing is complete, false where this server turns out to know no markers. */
async function* byMarker<T extends { readonly id: string }>(scan: Scan<T>): AsyncGenerator<readonly T[], boolean> {
  let marker: string | null = null;
  let page: Page<T> = await scan.fetch({ marker });
  for (;;) {
    const items = scan.take(page);
    if (items.length > 0) yield items;
    if (scan.isLast(page, scan.seenCount)) return true;
    const last = page.items.at(-1)?.id ?? null;
    // The last item is not behind the marker: the marker is ignored, and the same page would come for ever.
    if (scan.placeOf(last) <= scan.placeOf(marker)) return false;
    const next = await fetchBehind(scan, last);
    if (next === null) return false;
    ({ page, marker } = next);
  }
}

/**
 * The page behind a marker or, where that item was deleted meanwhile, behind one ever further back, at last from the top.
 * Null where no marker of a moment ago is taken.
 */
async function fetchBehind<T extends { readonly id: string }>(scan: Scan<T>, wanted: string | null): Promise<{ page: Page<T>; marker: string | null } | null> {
  let place = scan.placeOf(wanted);
  for (let step = 1; ; step *= 2) {
    const marker = scan.idAt(place);
    try {
      return { page: await scan.fetch({ marker }), marker };
    } catch (error) {
      if (marker === null || !isMarkerGone(error)) throw error;
    }
    place -= step;
    if (place >= 0) continue;
    scan.restart();
    if (scan.restarts > MAX_MARKER_RESTARTS) return null;
  }
}

async function* byPlace<T extends { readonly id: string }>(scan: Scan<T>, start: number): AsyncGenerator<readonly T[]> {
  let place = start;
  let overlap = start === 0 ? 0 : OVERLAP;
  let stepBack = OVERLAP;
  let before: { readonly offset: number; readonly firstId: string | undefined } | null = null;
  let seenAtRescan = -1;
  for (;;) {
    const offset = Math.max(0, place - overlap);
    const page = await scan.fetch({ offset });
    const firstId = page.items[0]?.id;
    // Another place and yet the same page: the place is ignored.
    if (before !== null && firstId !== undefined && firstId === before.firstId && offset > before.offset) throw unstable();
    if (offset > 0 && overlap > 0 && firstId !== undefined && !scan.has(firstId)) {
      // Nothing of the overlap is left: that many items went away meanwhile, and others may have slipped through.
      scan.restart();
      stepBack *= 8;
      place = Math.max(1, offset - stepBack);
      overlap = 1;
      continue;
    }
    before = { offset, firstId };
    const items = scan.take(page);
    if (items.length > 0) yield items;
    const readSoFar = offset + page.items.length;
    if (!scan.isLast(page, readSoFar)) {
      const isAdvancing = readSoFar > place;
      // Pages can be shorter than the overlap; then it, not the server, is what keeps the scan from advancing.
      const isOverlapTooLong = !isAdvancing && overlap >= page.items.length;
      if (isAdvancing || isOverlapTooLong) {
        place = Math.max(place, readSoFar);
        overlap = Math.min(OVERLAP, Math.floor(page.items.length / 2));
        continue;
      }
      if (page.total === null) throw unstable();
    }
    if (page.total === null || scan.seenCount >= page.total || scan.seenCount === seenAtRescan) return;
    // Fewer than the cloud counts: read again from the top, until that brings nothing new.
    seenAtRescan = scan.seenCount;
    place = 0;
    overlap = 0;
    before = null;
  }
}

/** Cinder answers 404 to a marker that was deleted (seen on 21.3.1, Zed), EVS 400 (EVS API reference, EVS.1024). */
function isMarkerGone(error: unknown): boolean {
  return error instanceof CloudFailure && (error.failure.kind === 'not_found' || error.failure.code === 'EVS.1024');
}

function unstable(): CloudFailure {
  return new CloudFailure({
    kind: 'transient',
    httpStatus: null,
    code: 'listing',
    message: 'the listing could not be completed: it changes faster than it can be read, or its pages do not advance',
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
  });
}
