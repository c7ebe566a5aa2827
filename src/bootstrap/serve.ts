import { WatchedPolicyFiles } from '#config/watched-policy-files';
import type { Telemetry } from '#app/ports/telemetry';
import type { Traces } from '#app/ports/traces';
import { boundedLine, redactText } from '#domain/failure/redact-text';
import { parseDuration } from '#domain/time';
import { EXIT } from '../cli/io.ts';
import type { Io } from '../cli/io.ts';
import type { ServeArgs } from '../cli/program.ts';
import { systemClock } from '../adapters/clock/system-clock.ts';
import { createLogger, LOG_LEVELS } from '../adapters/telemetry/logger.ts';
import type { LogLevel } from '../adapters/telemetry/logger.ts';
import { logTelemetry } from '../adapters/telemetry/log-telemetry.ts';
import { adminTokenIn } from './admin-token.ts';
import { goodOrSay } from './load-set.ts';
import { onCrash } from './crash.ts';
import { TraceSettingsError } from '../adapters/telemetry/trace-settings.ts';
import { firstSignal } from './signals.ts';
import { openTraces } from './traces.ts';
import { packageVersion } from './version.ts';
import { openRedisOrSay } from './with-store.ts';

/** Runs the service until SIGTERM or SIGINT. */
export async function serve(args: ServeArgs, io: Io): Promise<number> {
  const drain = parseDuration(args.drain);
  const port = Number(args.port);
  const level = LOG_LEVELS.find((each): each is LogLevel => each === args.logLevel);
  const wrong =
    (drain === null && `--drain is a duration such as 25s, not ${args.drain}`) ||
    ((!Number.isInteger(port) || port < 0 || port > 65_535) && `--port is a number from 0 to 65535, not ${args.port}`) ||
    (level === undefined && `--log-level is one of ${LOG_LEVELS.join(', ')}, not ${args.logLevel}`);
  if (wrong !== false || drain === null || level === undefined) {
    io.stderr.write(`snapkeep: ${String(wrong)}\n`);
    return EXIT.usage;
  }

  if (args.adminTokenFile !== undefined && (await adminTokenIn(args.adminTokenFile)()) === null) {
    io.stderr.write(`snapkeep: --admin-token-file: ${args.adminTokenFile} cannot be read or is empty\n`);
    return EXIT.usage;
  }

  // From here on a signal is not lost, however early it comes.
  const stopRequested = firstSignal(['SIGTERM', 'SIGINT']);
  const files = new WatchedPolicyFiles(args.config);
  const now = systemClock.now();
  const reading = await files.readAll(now);
  const loaded = goodOrSay(reading.load({ now }), io);
  if (loaded === null) return EXIT.usage;
  const traces = await openTracesOrSay(io, (error) => telemetry.emit('traces.failed', { errorMessage: boundedLine(redactText(error.message), 300) }));
  if (traces === undefined) return EXIT.usage;
  // While an embedded Redis starts.
  const loading = import('./service.ts');
  const redis = await openRedisOrSay(args, io, 'owner');
  if (redis === null) return EXIT.usage;
  const { startService } = await loading;
  const pretty = args.logFormat === 'pretty' || (args.logFormat === 'auto' && io.isTty);
  const logger = await createLogger({ level, pretty, stream: { write: (line) => void io.stdout.write(line) } });
  const telemetry: Telemetry = logTelemetry(logger, traces);
  onCrash((crash) => telemetry.emit('process.crashed', crash));
  for (const { file, line, path, message } of loaded.warnings) telemetry.emit('config.warning', { file, line, path, errorMessage: message });

  try {
    const adminToken = args.adminTokenFile === undefined ? {} : { adminTokenFile: args.adminTokenFile };
    const more = { policyFiles: { files, digest: reading.digest }, traces, volumeMetrics: args.volumeMetrics === 'true', dumpsCalls: level === 'trace', ...adminToken };
    const service = await startService({ role: args.role, set: loaded.set, redis, host: args.host, port, telemetry, env: process.env, ...more });
    const failed = service.started.then(
      () => new Promise<never>(() => undefined),
      (error: unknown) => error,
    );
    const failure = await Promise.race([stopRequested, failed]);
    await service.stop(drain);
    if (typeof failure === 'string') return EXIT.done;
    io.stderr.write(`snapkeep: ${failure instanceof Error ? failure.message : String(failure)}\n`);
    return EXIT.failed;
  } catch (error) {
    await redis.stop();
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      io.stderr.write(`snapkeep: --port: ${args.host}:${port} is in use by another process\n`);
      return EXIT.failed;
    }
    throw error;
  }
}

/** Null where nobody asks for traces; undefined where what is asked cannot be had, which has been printed. */
async function openTracesOrSay(io: Io, onFailed: (error: Error) => void): Promise<Traces | null | undefined> {
  try {
    return await openTraces({ env: process.env, version: packageVersion(), onFailed });
  } catch (error) {
    if (!(error instanceof TraceSettingsError)) throw error;
    io.stderr.write(`snapkeep: ${error.message}\n`);
    return undefined;
  }
}
