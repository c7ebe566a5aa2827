import type { Reply } from '../http/reply.ts';
import { jsonReply } from '../http/reply.ts';

/** Version documents, as far as the OpenStack clients ask for them. Undefined for any other path. */
export function versionReply(method: string, path: string, baseUrl: string, maxMinor: number): Reply | undefined {
  if (method !== 'GET') return undefined;
  switch (path.replace(/\/$/, '')) {
    case '':
      return jsonReply(300, { versions: { values: [identityVersion(baseUrl)] } });
    case '/v3':
      return jsonReply(200, { version: identityVersion(baseUrl) });
    case '/volume':
      return jsonReply(300, { versions: [storageVersion(baseUrl, maxMinor)] });
    case '/volume/v3':
      return jsonReply(200, { versions: [storageVersion(baseUrl, maxMinor)] });
    default:
      return undefined;
  }
}

function identityVersion(baseUrl: string): Record<string, unknown> {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${baseUrl}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

function storageVersion(baseUrl: string, maxMinor: number): Record<string, unknown> {
  return {
    id: 'v3.0',
    status: 'CURRENT',
    version: `3.${maxMinor}`,
    min_version: '3.0',
    updated: '2022-03-30T00:00:00Z',
    links: [{ rel: 'self', href: `${baseUrl}/volume/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.volume+json;version=3' }],
  };
}
