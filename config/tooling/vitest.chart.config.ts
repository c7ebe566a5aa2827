import { suite } from './vitest.config.ts';

/** The Helm chart, rendered by helm, which has to be on PATH. */
export default suite({
  include: ['test/chart/**/*.test.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
});
