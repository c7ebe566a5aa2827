import { suite } from './vitest.config.ts';

/** Against a real OpenStack; `scripts/openstack-test` finds one and sets the environment. One file at a time: they share a project. */
export default suite({
  include: ['test/openstack/**/*.test.ts'],
  globalSetup: ['test/openstack/support/sweep.ts'],
  maxWorkers: 1,
  testTimeout: 120_000,
  hookTimeout: 120_000,
});
