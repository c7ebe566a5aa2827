import type { SimulatorIdentity } from '../options.ts';
import { zonedTimestamp } from '../state/clock.ts';
import type { Token } from './token-store.ts';

const region = 'RegionOne';

/** The body that tells of a token: who, for which project, until when, and where the services are. */
export function tokenJson(identity: SimulatorIdentity, token: Token, baseUrl: string, withCatalog: boolean): Record<string, unknown> {
  const domain = { id: identity.domainId, name: identity.domain };
  const scoped = token.projectId !== null;
  return {
    token: {
      methods: token.methods,
      user: { domain, id: identity.userId, name: identity.user, password_expires_at: identity.flavour === 'evs' ? '' : null },
      audit_ids: [token.text.slice(8, 30)],
      expires_at: zonedTimestamp(token.expiresAtMs),
      issued_at: zonedTimestamp(token.issuedAtMs),
      ...(scoped
        ? {
            project: { domain, id: identity.projectId, name: identity.projectName },
            is_domain: false,
            roles: [
              { id: '513b5c1d8e7f4a0b9c2d3e4f5a6b7c8d', name: 'reader' },
              { id: '78573f2a1b4c4d5e8f6a7b8c9d0e1f2a', name: 'member' },
            ],
          }
        : {}),
      ...(scoped && withCatalog ? { catalog: catalogJson(identity, baseUrl) } : {}),
    },
  };
}

/** Block storage gets a prefix of its own, so that its version document does not collide with the identity service's. */
export function catalogJson(identity: SimulatorIdentity, baseUrl: string): unknown[] {
  const regionName = identity.flavour === 'evs' ? identity.projectName : region;
  const storage = `${baseUrl}/volume/v3/${identity.projectId}`;
  return [
    service('17f51a2b3c4d4e5f8a9b0c1d2e3f4a5b', 'volumev3', 'cinderv3', storage, regionName),
    service('28f51a2b3c4d4e5f8a9b0c1d2e3f4a5c', 'block-storage', 'cinder', storage, regionName),
    service('39f51a2b3c4d4e5f8a9b0c1d2e3f4a5d', 'identity', 'keystone', `${baseUrl}/v3`, regionName),
  ];
}

function service(id: string, type: string, name: string, url: string, regionName: string): Record<string, unknown> {
  const endpoints = ['admin', 'internal', 'public'].map((role, at) => ({
    id: `${id.slice(0, 31)}${at}`,
    interface: role,
    region_id: regionName,
    region: regionName,
    url,
  }));
  return { id, type, name, endpoints };
}
