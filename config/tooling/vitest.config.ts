import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** Suites that need more than a Redis; each has a configuration of its own beside this one. */
const ownSuites = ['test/openstack/**', 'test/chaos/**', 'test/monitoring/**', 'test/browser/**', 'test/chart/**', 'test/containers/**'];

/** What every suite shares: paths from the repository's root, `#domain/x` resolved to the source. */
export function suite(test: NonNullable<ViteUserConfig['test']>): ViteUserConfig {
  return defineConfig({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    resolve: { conditions: ['source', 'node', 'import', 'default'] },
    ssr: { resolve: { conditions: ['source', 'node', 'import', 'default'] } },
    test: {
      pool: 'forks',
      maxWorkers: 2,
      testTimeout: 20_000,
      hookTimeout: 20_000,
      teardownTimeout: 10_000,
      restoreMocks: true,
      unstubEnvs: true,
      ...test,
    },
  });
}

export default suite({
  include: ['test/**/*.test.ts'],
  exclude: ['**/node_modules/**', 'test/architecture/fixtures/**', ...ownSuites],
  coverage: {
    provider: 'v8',
    include: ['src/**/*.ts'],
    reporter: ['text-summary', 'json-summary', 'html'],
    thresholds: { branches: 90, lines: 90, 'src/domain/**': { branches: 100 } },
  },
});
