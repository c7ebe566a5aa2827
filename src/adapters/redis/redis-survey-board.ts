import { z } from 'zod';
import type { Survey, SurveyBoard } from '#app/ports/survey-board';
import { instant } from '#domain/time';
import type { RedisClient } from './connect.ts';
import { keysOf } from './keys.ts';

const Stored = z.object({
  at: z.number().transform(instant),
  revision: z.string(),
  volumes: z.number(),
  unprotected: z.number(),
  examples: z.array(z.object({ id: z.string(), name: z.string().nullable() })),
});

/** Surveys in Redis, in one hash of an instance. One that cannot be read counts as none: the next pass writes it anew. */
export class RedisSurveyBoard implements SurveyBoard {
  readonly #redis: RedisClient;
  readonly #key: string;

  constructor(redis: RedisClient, instance: string) {
    this.#redis = redis;
    this.#key = keysOf(instance).surveys;
  }

  async read(): Promise<ReadonlyMap<string, Survey>> {
    const stored = Object.entries(await this.#redis.hgetall(this.#key));
    return new Map(stored.flatMap(([target, json]) => {
      const survey = surveyIn(json);
      return survey === null ? [] : [[target, survey] as const];
    }));
  }

  async write(target: string, survey: Survey): Promise<void> {
    await this.#redis.hset(this.#key, target, JSON.stringify(survey));
  }

  async forget(targets: readonly string[]): Promise<void> {
    if (targets.length > 0) await this.#redis.hdel(this.#key, ...targets);
  }
}

function surveyIn(json: string): Survey | null {
  try {
    return Stored.parse(JSON.parse(json));
  } catch {
    return null;
  }
}
