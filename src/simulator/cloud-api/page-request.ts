import type { Flavour } from '../options.ts';
import { badRequest } from '../http/refusal.ts';
import { looksLikeUuid } from './validate-create.ts';

export const maxPageSize = 1000;
const maxOffset = 2_147_483_647;

/** The paging part of a list query. */
export interface PageRequest {
  /** 0..1000; 1000 when none was sent. */
  readonly limit: number;
  readonly limitSent: boolean;
  readonly offset: number;
  readonly marker: string | undefined;
  readonly sortKey: string;
  readonly sortDir: 'asc' | 'desc';
}

/** Reads `limit`, `offset`, `marker` and the sort parameters; throws as the flavour does for bad ones. */
export function pageRequest(query: URLSearchParams, flavour: Flavour, minor: number): PageRequest {
  const sort = sortRequest(query, minor);
  const limitText = query.get('limit');
  const limit = limitText === null ? maxPageSize : flavour === 'evs' ? evsLimit(limitText) : cinderLimit(limitText);
  const offsetText = query.get('offset');
  const offset = offsetText === null ? 0 : pythonInt(offsetText);
  if (offset === undefined) throw badRequest('offset must be an integer');
  if (offset < 0) throw badRequest('offset must be >= 0');
  if (offset > maxOffset) throw badRequest(`offset must be <= ${maxOffset}`);
  const marker = query.get('marker') ?? undefined;
  if (flavour === 'evs' && marker !== undefined && !looksLikeUuid(marker)) throw badRequest('invalid marker!', 'EVS.1024');
  return { limit, limitSent: limitText !== null, offset, marker, ...sort };
}

/** Out of 1..1000 is an error on EVS (EVS API reference, query parameters); the text is ours. */
function evsLimit(text: string): number {
  const limit = Number(text);
  if (!/^[+-]?\d+$/.test(text) || limit <= 0) throw badRequest('invalid limit!', 'EVS.1023');
  if (limit > maxPageSize) throw badRequest('limit must not be greater than 1000!', 'EVS.2142');
  return limit;
}

/** Cinder takes 0 and cuts what is over the maximum (seen on Cinder 21.3.1). */
function cinderLimit(text: string): number {
  const limit = pythonInt(text);
  if (limit === undefined) throw badRequest('limit param must be an integer');
  if (limit < 0) throw badRequest('limit param must be positive');
  return Math.min(limit, maxPageSize);
}

/** What Python's `int` takes: blanks around it, a sign, single underscores between digits. */
function pythonInt(text: string): number | undefined {
  const digits = text.trim();
  return /^[+-]?\d+(?:_\d+)*$/.test(digits) ? Number(digits.replaceAll('_', '')) : undefined;
}

/** Sort keys by what clients call them; `name` came with microversion 3.30. */
const sortKeys = new Set(['id', 'status', 'size', 'created_at', 'updated_at', 'volume_id', 'display_name', 'bootable', 'host']);

function sortRequest(query: URLSearchParams, minor: number): Pick<PageRequest, 'sortKey' | 'sortDir'> {
  const combined = query.get('sort');
  if (combined !== null && (query.has('sort_key') || query.has('sort_dir'))) {
    throw badRequest(
      "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with the 'sort' parameter.",
    );
  }
  const first = combined?.split(',')[0]?.split(':') ?? [query.get('sort_key') ?? 'created_at', query.get('sort_dir') ?? 'desc'];
  const sortKey = first[0] ?? 'created_at';
  const sortDir = first[1] ?? 'desc';
  if (!sortKeys.has(sortKey) && !(sortKey === 'name' && minor >= 30)) throw badRequest('Invalid input received: Invalid sort key');
  if (sortDir !== 'asc' && sortDir !== 'desc') {
    throw badRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.");
  }
  return { sortKey, sortDir };
}
