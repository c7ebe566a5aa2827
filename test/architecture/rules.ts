import type { IForbiddenRuleType } from 'dependency-cruiser';

/** The folders of src, inside out. A file of src lies in one of these or is an entry. */
export const layers = ['domain', 'app', 'config', 'adapters', 'server', 'cli', 'simulator', 'bootstrap'] as const;

export const entry = 'src/main.ts';

const packages = ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-bundled', 'npm-no-pkg', 'npm-unknown'] as const;

/** A library (or several, `a|b`, named after the first) that has one home: everything else talks to that home. */
function onlyIn(library: string, home: string, comment: string): IForbiddenRuleType {
  return {
    name: `${library.split('|', 1)[0]}-has-one-home`,
    comment,
    from: { path: '^src/', pathNot: home },
    to: { path: `(^|/)node_modules/(${library})/` },
  };
}

/** What a layer may import of the rest of src; everything else is a violation. */
function reaches(layer: string, allowed: string, comment: string): IForbiddenRuleType {
  return { name: `${layer}-reach`, comment, from: { path: `^src/${layer}/` }, to: { path: '^src/', pathNot: `^src/(${allowed})` } };
}

/** Every rule names the reason it stands for; each has a planted violation under fixtures/dependencies. */
export const rules: readonly IForbiddenRuleType[] = [
  // --- layers: domain < app < config, adapters, server, cli < bootstrap < main.ts ---
  reaches('domain', 'domain/', 'The rules of the trade depend on nothing that can change without them: decisions stay testable as plain values.'),
  reaches('app', '(domain|app)/', 'Use cases speak to the world through their ports only, so that each can be run on fakes.'),
  reaches('config', '(domain|config)/|app/ports/', 'Reading policies yields domain values; it must not know who uses them.'),
  {
    name: 'adapters-reach',
    comment: 'An adapter implements a port with its own library. It knows no use case and no other adapter but the shared HTTP client and Redis connection.',
    from: { path: '^src/adapters/([^/]+)/' },
    // app/events.ts is what the telemetry port carries, app/views what the gauges show.
    to: { path: '^src/', pathNot: '^src/(domain/|app/ports/|app/events\\.ts$|app/views/|adapters/($1|http-client|redis)/)' },
  },
  reaches('server', '(domain|app|server)/', 'HTTP shows what use cases answer; which adapter stands behind them is the composition root\'s affair.'),
  // Of the simulated cloud and the configuration more below.
  reaches('cli', '(domain|app|cli|config|simulator)/', 'A command parses, calls one use case and prints; what it needs is handed to it by bootstrap.'),
  {
    name: 'cli-reads-no-configuration',
    comment: 'Commands get the policies in force from bootstrap; only validate and schema are about the files themselves.',
    from: { path: '^src/cli/', pathNot: '^src/cli/(validate|schema)' },
    to: { path: '^src/config/' },
  },
  {
    name: 'main-reach',
    comment: 'The entry turns argv into an exit code; all wiring has one place, bootstrap.',
    from: { path: '^src/main\\.ts$' },
    to: { path: '^src/', pathNot: '^src/(bootstrap|cli)/' },
  },
  {
    name: 'nothing-above-bootstrap',
    comment: 'Only the entry starts things: an import of bootstrap or of the entry from below turns the layers upside down.',
    from: { path: '^src/', pathNot: '^src/(bootstrap/|main\\.ts$)' },
    to: { path: '^src/(bootstrap/|main\\.ts$)' },
  },

  // --- the simulated cloud ---
  {
    name: 'simulator-stands-alone',
    comment: 'The simulator must not share a misunderstanding with the client it tests: it imports nothing of the rest of src.',
    from: { path: '^src/simulator/' },
    to: { path: '^src/', pathNot: '^src/simulator/' },
  },
  {
    name: 'simulator-needs-node-only',
    comment: 'The simulated cloud runs anywhere Node does, without a library whose HTTP habits would hide a mistake of ours.',
    from: { path: '^src/simulator/' },
    to: { dependencyTypes: [...packages] },
  },
  {
    name: 'simulator-is-for-demo',
    comment: 'The service must work without the simulated cloud; only the demo and the simulator command start it.',
    from: { path: '^src/', pathNot: '^src/(simulator/|bootstrap/|main\\.ts$|cli/simulator)' },
    to: { path: '^src/simulator/' },
  },

  // --- pure code ---
  {
    name: 'domain-and-app-do-no-io',
    comment: 'Clock, chance, files and network come in as arguments or through ports. Only node:crypto (hashes) is a calculation.',
    from: { path: '^src/(domain|app)/' },
    to: { dependencyTypes: ['core'], pathNot: '^(node:)?crypto$' },
  },
  {
    name: 'domain-and-app-need-no-package',
    comment: 'A library in here would decide for the rules of the trade; croner, behind fire-times.ts, only calculates.',
    from: { path: '^src/(domain|app)/', pathNot: '^src/domain/schedule/fire-times\\.ts$' },
    to: { dependencyTypes: [...packages] },
  },

  // --- each library in its home ---
  onlyIn('croner', '^src/domain/schedule/fire-times\\.ts$', 'How due times come about is pinned in one file, so that a new croner is checked in one place.'),
  onlyIn('undici', '^src/adapters/http-client/', 'Time-outs, size limits and redaction hold only for calls that go through the one HTTP client.'),
  onlyIn('bullmq|@bull-board', '^src/adapters/bullmq/', 'A job is how a run travels; no other code may depend on the queue\'s shapes.'),
  {
    name: 'ioredis-has-one-home',
    comment: 'Connections are made, named and closed in one place; the queue adapter is handed one and needs its type only.',
    from: { path: '^src/', pathNot: '^src/adapters/(redis|bullmq)/' },
    to: { path: '(^|/)node_modules/ioredis/' },
  },
  {
    name: 'bullmq-is-handed-its-connection',
    comment: 'Connections are made, named and closed in one place; the queue adapter is handed one and needs its type only.',
    from: { path: '^src/adapters/bullmq/' },
    to: { path: '(^|/)node_modules/ioredis/', dependencyTypesNot: ['type-only'] },
  },
  onlyIn('pino|pino-pretty', '^src/adapters/telemetry/', 'Secrets are kept out of logs in one place, behind the telemetry port.'),
  onlyIn('prom-client', '^src/adapters/telemetry/', 'Metric names and labels are a public interface and stand in one place.'),
  onlyIn('@opentelemetry', '^src/adapters/telemetry/', 'Traces are made of the same events as logs and metrics, behind the telemetry port, and their library is loaded only where somebody asks for them.'),
  onlyIn('fastify', '^src/server/', 'Routes are one way in among others; use cases know nothing of requests.'),
  onlyIn('commander', '^src/(cli|bootstrap)/', 'Flags are one way in among others; use cases know nothing of argv.'),
  onlyIn('yaml', '^src/config/', 'Positions for messages are kept by one reader; nobody else parses YAML.'),
  onlyIn('zod', '^src/(config|adapters|server)/', 'Schemas guard the edges, where data comes in; inside, types are enough.'),

  // --- hygiene ---
  {
    name: 'no-cycles',
    comment: 'Modules in a circle can only be understood, tested and moved together. Type-only imports count.',
    from: { path: '^src/' },
    to: { circular: true },
  },
  {
    name: 'no-orphans',
    comment: 'A module that imports nothing and that nothing imports is left over.',
    from: { path: '^src/', orphan: true, pathNot: '^src/main\\.ts$' },
    to: {},
  },
  {
    name: 'no-dead-modules',
    comment: 'What the entry cannot reach does not run in production, only its tests do.',
    from: { path: '^src/main\\.ts$' },
    to: { path: '^src/', pathNot: '^src/main\\.ts$', reachable: false },
  },
  {
    name: 'src-stands-alone',
    comment: 'The image ships the compiled src and nothing beside it.',
    from: { path: '^src/' },
    to: { path: '^(test|bench|config|scripts|dist)/' },
  },
  {
    name: 'no-development-packages',
    comment: 'The image installs without development dependencies: such an import would fail there first.',
    from: { path: '^src/' },
    to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm'] },
  },
  {
    name: 'no-unresolvable',
    comment: 'An import that leads nowhere would escape every rule above.',
    from: { path: '^src/' },
    to: { couldNotResolve: true },
  },
];
