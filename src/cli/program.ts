import { Argument, Command, CommanderError, Option } from 'commander';
import type { Shell } from './completion.ts';
import { EXIT } from './io.ts';
import type { PlanArgs } from './plan.ts';
import type { RestoreArgs } from './restore.ts';
import { DEFAULT_LIMIT } from './runs.ts';
import type { RunsArgs } from './runs.ts';
import type { PruneArgs } from './prune.ts';
import type { TriggerArgs } from './trigger.ts';

export interface ServeArgs {
  readonly config: string[];
  readonly role: 'all' | 'scheduler' | 'worker';
  readonly redis: string;
  readonly redisPasswordFile?: string;
  readonly redisCaFile?: string;
  readonly dataDir: string;
  readonly host: string;
  readonly port: string;
  readonly adminTokenFile?: string;
  readonly drain: string;
  /** `true` or `false`. */
  readonly volumeMetrics: string;
  readonly logLevel: string;
  readonly logFormat: string;
}

export type StoreArgs = Pick<ServeArgs, 'config' | 'redis' | 'redisPasswordFile' | 'redisCaFile' | 'dataDir'>;

/** Flags of `simulator` as they were typed; an absent one keeps its default. */
export type SimulatorArgs = Readonly<Record<'host' | 'port', string>> & Readonly<Record<string, string | string[] | undefined>>;

/** What the commands do; each resolves to the exit code. */
export interface Handlers {
  serve(args: ServeArgs): Promise<number>;
  validate(args: { paths: string[]; strict: boolean; online: boolean; json: boolean }): Promise<number>;
  schema(): Promise<number>;
  plan(args: StoreArgs & PlanArgs): Promise<number>;
  status(args: StoreArgs & { policy?: string; json: boolean }): Promise<number>;
  runs(args: StoreArgs & RunsArgs): Promise<number>;
  runsShow(args: StoreArgs & { id: string; json: boolean }): Promise<number>;
  trigger(args: StoreArgs & TriggerArgs): Promise<number>;
  pause(args: StoreArgs & { policy: string; json: boolean }): Promise<number>;
  resume(args: StoreArgs & { policy: string; catchUp: boolean; json: boolean }): Promise<number>;
  prune(args: StoreArgs & PruneArgs): Promise<number>;
  restore(args: StoreArgs & RestoreArgs): Promise<number>;
  simulator(args: SimulatorArgs): Promise<number>;
  completion(args: { shell: Shell; program: Command }): Promise<number>;
  demo(args: { for: string; json: boolean; port: string }): Promise<number>;
}

/** Every flag has an environment twin: `--log-level` is SNAPKEEP_LOG_LEVEL. */
function flag(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.env(`SNAPKEEP_${option.attributeName().replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`);
}

function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

function withStore(command: Command): Command {
  return command
    .addOption(flag('--config <path>', 'policy file, or directory of them; may be given more than once').argParser(collect).makeOptionMandatory())
    .addOption(flag('--redis <url>', 'redis://, rediss://, redis+sentinel://host:port,host:port/master, redis+cluster://host:port,host:port, or embedded').default('redis://127.0.0.1:6379'))
    .addOption(flag('--redis-password-file <path>', 'file with the password of Redis'))
    .addOption(flag('--redis-ca-file <path>', 'PEM file with the authorities to trust for rediss://'))
    .addOption(flag('--data-dir <path>', 'where an embedded Redis keeps its data').default('.snapkeep'));
}

/** The command line. `onExit` is told what the chosen command returned. */
function buildProgram(handlers: Handlers, version: string, onExit: (code: number) => void): Command {
  const program = new Command('snapkeep')
    .description('Takes volume snapshots on Huawei Cloud EVS and OpenStack Cinder on schedule, and says loudly when a volume is not protected.')
    .version(version)
    .showHelpAfterError('(run with --help for the flags and an example)')
    .exitOverride();

  const run = (code: Promise<number>): Promise<void> => code.then(onExit);

  withStore(program.command('serve').description('run the service'))
    .addOption(flag('--role <role>', 'which part of it').choices(['all', 'scheduler', 'worker']).default('all'))
    .addOption(flag('--host <address>', 'address that HTTP listens on').default('0.0.0.0'))
    .addOption(flag('--port <port>', 'port of the status page, the API, /livez, /readyz and /metrics; 0 takes a free one').default('8080'))
    .addOption(flag('--admin-token-file <path>', 'file with the token that changes over HTTP want; without it they are refused'))
    .addOption(flag('--drain <duration>', 'how long runs in hand may take to finish after SIGTERM').default('25s'))
    .addOption(flag('--volume-metrics [wanted]', 'snapkeep_volume_rpo_lag_seconds, a series for each volume, 10,000 at most').choices(['true', 'false']).preset('true').default('false'))
    .addOption(flag('--log-level <level>', 'trace, debug, info, warn or error').default('info'))
    .addOption(flag('--log-format <format>', 'json, pretty, or auto: pretty on a terminal').choices(['auto', 'json', 'pretty']).default('auto'))
    .addHelpText('after', '\nExample:\n  snapkeep serve --config policies/ --redis redis://redis:6379')
    .action((options: ServeArgs) => run(handlers.serve(options)));

  program
    .command('validate')
    .description('check policy files and print every problem as file:line:column: path: what is wrong and what would be right')
    .argument('<path...>', 'files, or directories of them')
    .option('--strict', 'fail on warnings too', false)
    .option('--online', 'then log in to each target, count volumes, check rights and quotas; exit code 1 where a cloud refuses', false)
    .option('--json', 'for machines', false)
    .addHelpText('after', '\nExamples:\n  snapkeep validate --strict policies/\n  snapkeep validate --online policies/')
    .action((paths: string[], options: { strict: boolean; online: boolean; json: boolean }) => run(handlers.validate({ paths, ...options })));

  program
    .command('schema')
    .description('print the JSON Schema of policy files, for editors')
    .addHelpText('after', '\nExample:\n  snapkeep schema > snapkeep.schema.json')
    .action(() => run(handlers.schema()));

  withStore(program.command('plan').description('what would happen: coming due times, volumes and names, what prune would delete, calls and time needed; changes nothing'))
    .argument('[policy]', 'only this one')
    .option('--from <instant>', 'look from here on, for example 2026-11-24T02:00:00Z; default now')
    .option('--horizon <duration>', 'how far ahead, at most 366d', '7d')
    .option('--offline', 'leave cloud and Redis out: due times only', false)
    .option('--json', 'for machines', false)
    .addHelpText('after', '\nExamples:\n  snapkeep plan --config policies/\n  snapkeep plan nightly-db --horizon 30d --offline --config new-version.yaml\n\nBefore a policy is changed: plan with the new file shows what prune would delete under it, and why.')
    .action((policy: string | undefined, options: StoreArgs & Omit<PlanArgs, 'policy'>) => run(handlers.plan({ ...options, ...(policy === undefined ? {} : { policy }) })));

  withStore(program.command('status').description('for each policy: last and next firing, runs by outcome, overdue volumes with the reason'))
    .argument('[policy]', 'only this one')
    .option('--json', 'for machines', false)
    .addHelpText('after', '\nExample:\n  snapkeep status nightly-db --config policies/ --redis redis://redis:6379')
    .action((policy: string | undefined, options: StoreArgs & { json: boolean }) => run(handlers.status({ ...options, ...(policy === undefined ? {} : { policy }) })));

  const runs = withStore(program.command('runs').description('history of runs, newest first'))
    .argument('[policy]', 'only this one')
    .option('--volume <id>', 'only this volume')
    .option('--outcome <outcome>', 'pending, available, failed, skipped or abandoned')
    .option('--since <when>', 'due since then: 24h, or 2026-11-24T02:00:00Z')
    .option('--limit <count>', 'at most so many, up to 1000', String(DEFAULT_LIMIT))
    .option('--after <next>', 'go on where an earlier answer ended')
    .option('--json', 'for machines', false)
    .addHelpText('after', '\nExamples:\n  snapkeep runs --outcome failed --since 24h --config policies/\n  snapkeep runs show ID --config policies/')
    .action((policy: string | undefined, options: StoreArgs & RunsArgs) => run(handlers.runs({ ...options, ...(policy === undefined ? {} : { policy }) })));

  // The flags are those of `runs`, before or after `show`.
  runs
    .command('show')
    .description('one run with every answer of the cloud')
    .argument('<id>')
    .action((id: string, _options: object, command: Command) => {
      const options = command.optsWithGlobals<StoreArgs & { json: boolean }>();
      return run(handlers.runsShow({ ...options, id }));
    });

  withStore(program.command('trigger').description('a firing of a policy now, beside its schedule; a running scheduler plans it'))
    .argument('<policy>')
    .option('--volume <id>', 'only this volume; may be given more than once', collect, [])
    .option('--wait', 'until all its runs have ended; exit code 1 if one did not become available', false)
    .option('--json', 'for machines', false)
    .addHelpText('after', '\nExamples:\n  snapkeep trigger nightly-db --wait --config policies/\n  snapkeep trigger nightly-db --volume 6a2f... --config policies/')
    .action((policy: string, options: StoreArgs & Omit<TriggerArgs, 'policy'>) => run(handlers.trigger({ ...options, policy })));

  withStore(program.command('pause').description('stop a policy from firing; survives restarts, not the loss of Redis: for good, write paused: true in its file'))
    .argument('<policy>')
    .option('--json', 'for machines', false)
    .addHelpText('after', '\nExample:\n  snapkeep pause nightly-db --config policies/')
    .action((policy: string, options: StoreArgs & { json: boolean }) => run(handlers.pause({ ...options, policy })));

  withStore(program.command('resume').description('let a paused policy fire again, from its next due time on'))
    .argument('<policy>')
    .option('--catch-up', 'fire the newest due time that passed during the pause now', false)
    .option('--json', 'for machines', false)
    .addHelpText('after', '\nExample:\n  snapkeep resume nightly-db --catch-up --config policies/')
    .action((policy: string, options: StoreArgs & { catchUp: boolean; json: boolean }) => run(handlers.resume({ ...options, policy })));

  withStore(program.command('prune').description('delete now what no retention rule keeps, and wait until it is gone; exit code 1 if a delete failed or the brake held'))
    .argument('[policy]', 'only this one')
    .option('--dry-run', 'delete nothing, only show what would go and why the rest stays', false)
    .option('--confirm', 'delete even where that is more than half of a policy or more than 3 snapshots of a volume: lifts the brake once', false)
    .option('--json', 'for machines', false)
    .addHelpText('after', '\nExamples:\n  snapkeep prune nightly-db --dry-run --config policies/\n  snapkeep prune nightly-db --confirm --config policies/')
    .action((policy: string | undefined, options: StoreArgs & PruneArgs) => run(handlers.prune({ ...options, ...(policy === undefined ? {} : { policy }) })));

  withStore(program.command('restore').description('a new volume from a snapshot; waits until it is available, touches no existing volume'))
    .argument('[snapshot]', 'id of the snapshot; or give --policy, --volume and --at')
    .option('--policy <name>', 'the newest good snapshot of this policy')
    .option('--volume <id>', '... of this volume, by id or by name')
    .option('--at <instant>', '... due at or before this: 2026-11-24T02:00:00Z, or 24h for a day ago')
    .option('--target <name>', 'look for the snapshot here only; default all targets')
    .option('--name <name>', 'name of the new volume; default restored- and the name of the snapshot')
    .option('--type <type>', 'volume type, for example SSD; default the choice of the cloud')
    .option('--json', 'for machines', false)
    .addHelpText('after', '\nExamples:\n  snapkeep restore 33e79572-0704-4a6d-b19c-34ec04a3497f --name db-1-yesterday --config policies/\n  snapkeep restore --policy nightly-db --volume db-1 --at 2026-11-24T02:00:00Z --config policies/')
    .action((snapshot: string | undefined, options: StoreArgs & Omit<RestoreArgs, 'snapshot'>) => run(handlers.restore({ ...options, ...(snapshot === undefined ? {} : { snapshot }) })));

  program
    .command('simulator')
    .description('run a simulated cloud to try policies on')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on', '8776')
    .option('--volumes <count>', 'volumes it has', '10')
    .option('--flavour <flavour>', 'evs or cinder', 'evs')
    .option('--creation <range>', 'how long a snapshot is being made: 1s..3s')
    .option('--seed <number>', 'for everything that is left to chance')
    .option('--refuse <count>', 'volumes whose snapshots are refused with 400')
    .option('--fail-first <count>', 'volumes whose first snapshot ends in error')
    .option('--error-rate <share>', 'share of calls answered with 5xx: 0.05')
    .option('--throttle <rate>', 'answer 429 beyond this: 10/s')
    .option('--token-life <duration>', 'how long tokens are good: 60s')
    .option('--fault <json>', 'any other fault, as JSON; may be given more than once', collect)
    .action((options: SimulatorArgs) => run(handlers.simulator(options)));

  program
    .command('demo')
    .description('the whole thing on this machine: own Redis, simulated cloud, a policy every 10 seconds')
    .option('--for <duration>', 'end by itself after this', '60s')
    .option('--port <port>', 'port of the service; 0 takes a free one', '0')
    .option('--json', 'only the summary, for machines', false)
    .action((options: { for: string; json: boolean; port: string }) => run(handlers.demo(options)));

  program
    .command('completion')
    .description('print a script that completes commands and flags in your shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', '\nExamples:\n  source <(snapkeep completion bash)\n  snapkeep completion fish > ~/.config/fish/completions/snapkeep.fish')
    .action((shell: Shell) => run(handlers.completion({ shell, program })));

  return program;
}

/** Runs the command line given; returns the exit code. */
export async function runCli(argv: readonly string[], handlers: Handlers, version: string, stderr: { write(text: string): unknown }): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = buildProgram(handlers, version, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    // Help and version end this way too, with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    stderr.write(`snapkeep: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.failed;
  }
}
