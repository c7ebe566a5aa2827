import type { Call } from '../http/call.ts';
import type { Page } from './take-page.ts';
import type { PageRequest } from './page-request.ts';

/** EVS names a host of its own and another API version in its links: not to be followed (EVS API reference, paging). */
const evsInternalHost = 'https://volume.localdomain:8776/v2';

/**
 * The members a list answer gets beside its items: `{name}_links`, or nothing, or null.
 * Cinder links on from every full page, the last one too (seen on Cinder 21.3.1); EVS only if a limit was sent and
 * more remain, with null in plain lists and no member in detailed ones.
 */
export function pageLinks<T extends { readonly id: string }>(
  call: Call,
  page: Page<T>,
  asked: PageRequest,
  path: { readonly name: 'snapshots' | 'volumes'; readonly suffix: string },
): Record<string, unknown> {
  const { flavour, projectId } = call.cloud.identity;
  const key = `${path.name}_links`;
  const last = page.items.at(-1);
  const query = new URLSearchParams(call.request.query);
  query.delete('marker');
  // Cinder keeps the offset beside the marker: who follows the link skips as many again on every page (seen on 21.3.1).
  if (flavour === 'evs') query.delete('offset');
  if (flavour === 'cinder') {
    if (last === undefined || page.items.length < asked.limit) return {};
    query.set('marker', last.id);
    return { [key]: [{ rel: 'next', href: `${call.baseUrl}${call.request.rawPath}?${query.toString()}` }] };
  }
  if (last === undefined || !asked.limitSent || !page.hasMore) return path.suffix === '' ? { [key]: null } : {};
  query.set('marker', last.id);
  return { [key]: [{ rel: 'next', href: `${evsInternalHost}/${projectId}/${path.name}${path.suffix}?${query.toString()}` }] };
}
