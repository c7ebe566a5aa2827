import { Cluster, Redis } from 'ioredis';
import type { RedisAddress } from './redis-url.ts';
import { sendTogether } from './send-together.ts';

export type RedisClient = Redis | Cluster;

/**
 * `commands`: short calls that fail within seconds where Redis is away, so that the caller can pause and say so.
 * `queue`: what BullMQ's workers need: blocking reads that wait as long as it takes.
 */
export type ConnectionUse = 'commands' | 'queue';

/** A command unanswered for this long counts as failed: a silent partition gives no other sign. */
const COMMAND_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * A connection on which a command is out and nothing has come for this long is opened anew: a partition or a failover that
 * closes no socket would else be noticed only when TCP gives up, a quarter of an hour later. Longer than any blocking read.
 */
const SOCKET_TIMEOUT_MS = 15_000;

/** Delay before the n-th attempt to connect again: quick at first, never slower than this. */
const SLOWEST_RECONNECT_MS = 2_000;

/** Opens a connection that reconnects for ever. Errors show on its `error` event, which has to have a listener. */
export function connectRedis(address: RedisAddress, use: ConnectionUse, options: { ca?: string | Buffer } = {}): RedisClient {
  const client = open(address, use, options);
  sendTogether(client);
  // Health, ledger and queues all listen on the one connection.
  client.setMaxListeners(0);
  return client;
}

function open(address: RedisAddress, use: ConnectionUse, options: { ca?: string | Buffer }): RedisClient {
  const tls = options.ca === undefined ? {} : { ca: options.ca };
  const { username, password } = address.credentials;
  const base = {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    connectTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    retryStrategy: reconnectDelay,
    maxRetriesPerRequest: use === 'commands' ? 1 : null,
    ...(use === 'commands' ? { commandTimeout: COMMAND_TIMEOUT_MS } : {}),
  };
  switch (address.kind) {
    case 'single':
      return new Redis({ ...base, host: address.host, port: address.port, db: address.db, ...(address.tls ? { tls } : {}) });
    case 'socket':
      return new Redis({ ...base, path: address.path });
    case 'sentinel':
      return new Redis({
        ...base,
        sentinels: address.nodes.map(({ host, port }) => ({ host, port })),
        name: address.master,
        db: address.db,
        sentinelRetryStrategy: reconnectDelay,
        ...(address.tls ? { tls, enableTLSForSentinelMode: true } : {}),
      });
    case 'cluster':
      return new Cluster(
        address.nodes.map(({ host, port }) => ({ host, port })),
        { clusterRetryStrategy: reconnectDelay, redisOptions: { ...base, ...(address.tls ? { tls } : {}) } },
      );
  }
}

function reconnectDelay(times: number): number {
  return Math.min(SLOWEST_RECONNECT_MS, 50 * 2 ** Math.min(times, 10));
}
