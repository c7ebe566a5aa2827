import { suite } from './vitest.config.ts';

/** The status page in a real browser, on a real service; `scripts/browser` finds one. One file at a time. */
export default suite({
  include: ['test/browser/**/*.test.ts'],
  maxWorkers: 1,
  testTimeout: 60_000,
  hookTimeout: 60_000,
});
