/** Where Redis is, read from `--redis`. Holds the password: never to be logged. */
export type RedisAddress =
  | { readonly kind: 'single'; readonly host: string; readonly port: number; readonly db: number; readonly tls: boolean; readonly credentials: Credentials }
  | { readonly kind: 'socket'; readonly path: string; readonly credentials: Credentials }
  | { readonly kind: 'sentinel'; readonly nodes: readonly Node[]; readonly master: string; readonly db: number; readonly tls: boolean; readonly credentials: Credentials }
  | { readonly kind: 'cluster'; readonly nodes: readonly Node[]; readonly tls: boolean; readonly credentials: Credentials };

interface Node {
  readonly host: string;
  readonly port: number;
}

interface Credentials {
  readonly username: string | null;
  readonly password: string | null;
}

/** A URL of `--redis` that cannot be used; the message says what would be right and does not repeat a password. */
export class RedisUrlError extends Error {
  override readonly name = 'RedisUrlError';
}

const forms = 'redis://host:6379, rediss://host:6380, redis+sentinel://host:26379,host:26379/master-name, redis+cluster://host:6379,host:6379 or embedded';

/**
 * Reads `redis://[user[:password]@]host[:port][/db]`, `rediss://` for TLS, `redis+sentinel://host:port,host:port/master`,
 * `redis+cluster://host:port,host:port` (with `rediss+` for TLS in both) and `unix:///path`. A password given apart (from a
 * file) wins. Throws RedisUrlError.
 */
export function parseRedisUrl(url: string, password: string | null = null): RedisAddress {
  const match = /^(redis|rediss|redis\+sentinel|rediss\+sentinel|redis\+cluster|rediss\+cluster|unix):\/\/(?:([^@/]*)@)?([^/?#]*)(\/[^?#]*)?$/.exec(url.trim());
  if (match === null) throw new RedisUrlError(`cannot read the address of Redis; it looks like ${forms}`);
  const [, scheme = '', login, hosts = '', path = ''] = match;
  const credentials = readCredentials(login ?? '', password);
  if (scheme === 'unix') {
    if (path === '') throw new RedisUrlError('a unix address of Redis names a socket file: unix:///run/redis/redis.sock');
    return { kind: 'socket', path: decoded(path), credentials };
  }
  const tls = scheme.startsWith('rediss');
  const last = path.slice(1);
  if (scheme.endsWith('+cluster')) {
    if (last !== '' && last !== '0') throw new RedisUrlError('a Redis Cluster has only database 0: leave the path of the address away');
    return { kind: 'cluster', nodes: hosts.split(',').map((host) => readNode(host, 6379)), tls, credentials };
  }
  if (scheme.endsWith('+sentinel')) {
    const [master = '', db = '0'] = last.split('/');
    if (master === '') throw new RedisUrlError('a Sentinel address ends in the name of the master: redis+sentinel://host:26379,host:26379/mymaster');
    return { kind: 'sentinel', nodes: hosts.split(',').map((host) => readNode(host, 26379)), master: decoded(master), db: readDb(db), tls, credentials };
  }
  return { kind: 'single', ...readNode(hosts, 6379), db: readDb(last === '' ? '0' : last), tls, credentials };
}

/** The address for people and logs: without credentials. */
export function describeRedis(address: RedisAddress): string {
  switch (address.kind) {
    case 'socket':
      return `unix://${address.path}`;
    case 'single':
      return `${address.tls ? 'rediss' : 'redis'}://${address.host}:${address.port}/${address.db}`;
    case 'sentinel':
      return `redis+sentinel://${address.nodes.map(({ host, port }) => `${host}:${port}`).join(',')}/${address.master}`;
    case 'cluster':
      return `redis+cluster://${address.nodes.map(({ host, port }) => `${host}:${port}`).join(',')}`;
  }
}

/** A percent sign that encodes nothing is a mistake in the address, and the address is not repeated: it holds a password. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisUrlError('the address of Redis has a % that encodes nothing; a % in a name or password is written %25');
  }
}

function readCredentials(login: string, password: string | null): Credentials {
  const colon = login.indexOf(':');
  const username = decoded(colon === -1 ? login : login.slice(0, colon));
  const inUrl = colon === -1 ? '' : decoded(login.slice(colon + 1));
  return { username: username === '' ? null : username, password: password ?? (inUrl === '' ? null : inUrl) };
}

function readNode(text: string, defaultPort: number): Node {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const port = match?.[2] === undefined ? defaultPort : Number(match[2]);
  if (match?.[1] === undefined || port < 1 || port > 65_535) throw new RedisUrlError(`cannot read the host of the address of Redis; it looks like ${forms}`);
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

function readDb(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new RedisUrlError('the path of the address of Redis is the number of a database, such as redis://host:6379/0');
  return Number(text);
}
