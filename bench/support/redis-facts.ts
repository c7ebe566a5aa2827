import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import type { RedisClient } from '../../src/adapters/redis/connect.ts';

/** Of the bench itself, and of connections coming and going. */
const NOT_COUNTED = new Set(['info', 'config', 'client', 'hello', 'select', 'ping', 'command', 'monitor', 'auth']);

export interface CommandCount extends AsyncDisposable {
  /** Commands that clients have sent since the count began, by name: each is part of a round trip. */
  sent(): ReadonlyMap<string, number>;
  /** Commands that the server has carried out, those inside scripts included. */
  carriedOut(): Promise<number>;
}

/** Counts the commands of all clients. It slows the server down (MONITOR): for counts, never for times. */
export async function countCommands(url: string): Promise<CommandCount> {
  const redis = new Redis(url);
  await redis.config('RESETSTAT');
  const counts = new Map<string, number>();
  const { hostname, port } = new URL(url);
  const monitor = connect(Number(port), hostname);
  await once(monitor, 'connect');
  // `+1795605418.057591 [0 127.0.0.1:41234] "HGETALL" "key"`; from a script it is `[0 lua]`.
  createInterface({ input: monitor }).on('line', (line) => {
    const [, source = '', command = ''] = /^\+[\d.]+ \[\d+ ([^\]]+)\] "([^"]*)"/.exec(line) ?? [];
    const name = command.toLowerCase();
    if (source !== 'lua' && name !== '' && !NOT_COUNTED.has(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  monitor.write('MONITOR\r\n');
  return {
    sent: () => new Map(counts),
    async carriedOut() {
      const info = await redis.info('commandstats');
      const calls = [...info.matchAll(/cmdstat_([a-z]+)[^:]*:calls=(\d+)/g)].filter(([, name = '']) => !NOT_COUNTED.has(name));
      return calls.reduce((total, [, , count]) => total + Number(count), 0);
    },
    async [Symbol.asyncDispose]() {
      monitor.destroy();
      redis.disconnect();
    },
  };
}

export function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

/** What the data takes with its keys and the tables they stand in, bytes; buffers of clients are left out. */
export async function usedBytes(redis: Pick<RedisClient, 'info'>): Promise<number> {
  const info = await redis.info('memory');
  const field = (name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1] ?? Number.NaN);
  return field('used_memory') - field('mem_clients_normal') - field('mem_aof_buffer');
}
