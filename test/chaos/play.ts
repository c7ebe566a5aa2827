import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisServer } from '../support/redis.ts';
import type { Act } from './chaos-plan.ts';
import { throttle } from './faults.ts';
import type { Scene } from './scene.ts';

/** Plays the acts at their times; resolves when the time is up and everything that was ended or suspended runs again. */
export async function play({ fleet, cloud }: Scene, redis: RedisServer, acts: readonly Act[], lengthMs: number): Promise<void> {
  const startedAt = performance.now();
  const underWay: Promise<void>[] = [];
  let redisUp: Promise<void> = Promise.resolve();
  for (const act of acts) {
    await sleep(Math.max(0, startedAt + act.at - performance.now()));
    underWay.push(perform(act));
  }
  await sleep(Math.max(0, startedAt + lengthMs - performance.now()));
  await Promise.all(underWay);

  async function perform(act: Act): Promise<void> {
    switch (act.kind) {
      case 'kill':
        if (!(await fleet.kill(act.member))) return;
        await sleep(act.downMs);
        fleet.startAgain(act.member);
        return;
      case 'suspend':
        if (!fleet.suspend(act.member)) return;
        await sleep(act.forMs);
        fleet.resume(act.member);
        return;
      case 'redis':
        redisUp = redisUp.then(async () => {
          await redis.kill('SIGKILL');
          await sleep(act.downMs);
          await redis.restart();
        });
        await redisUp;
        return;
      case 'throttle':
        throttle(cloud, act.calls);
        return;
      case 'tokens':
        cloud.expireTokens();
    }
  }
}
