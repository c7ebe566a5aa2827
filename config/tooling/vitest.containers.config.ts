import { suite } from './vitest.config.ts';

/** The image as containers on a network of their own; `scripts/containers-test` builds it. Needs a Docker engine. */
export default suite({
  include: ['test/containers/**/*.test.ts'],
  maxWorkers: 1,
  testTimeout: 240_000,
  hookTimeout: 120_000,
});
