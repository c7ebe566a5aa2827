import { handlersFor } from './bootstrap/handlers.ts';
import { onCrash } from './bootstrap/crash.ts';
import { packageVersion } from './bootstrap/version.ts';
import { runCli } from './cli/program.ts';

const { stdout, stderr } = process;
onCrash(({ errorMessage, stack }) => stderr.write(`snapkeep: ${errorMessage}\n${stack.join('\n')}\n`));
process.exitCode = await runCli(process.argv, handlersFor({ stdout, stderr, isTty: stdout.isTTY }), packageVersion(), stderr);
