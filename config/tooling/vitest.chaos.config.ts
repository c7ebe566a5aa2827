import { suite } from './vitest.config.ts';

/** Processes killed at awkward moments; slow, so one file at a time and with room in every time-out. */
export default suite({
  include: ['test/chaos/**/*.test.ts'],
  maxWorkers: 1,
  testTimeout: 180_000,
  hookTimeout: 120_000,
});
