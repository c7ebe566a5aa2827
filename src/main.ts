import { handlersFor } from './bootstrap/handlers.ts';
import { packageVersion } from './bootstrap/version.ts';
import { runCli } from './cli/program.ts';

const { stdout, stderr } = process;
process.exitCode = await runCli(process.argv, handlersFor({ stdout, stderr, isTty: stdout.isTTY }), packageVersion(), stderr);
