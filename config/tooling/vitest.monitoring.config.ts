import { suite } from './vitest.config.ts';

/** Alert rules and dashboard under a real Prometheus; `scripts/monitoring-test` brings one. */
export default suite({
  include: ['test/monitoring/**/*.test.ts'],
  maxWorkers: 1,
  testTimeout: 120_000,
  hookTimeout: 120_000,
});
