import { boundedLine, redactText } from '#domain/failure/redact-text';

export interface Crash {
  readonly errorMessage: string;
  /** Where it came from: frames only, the innermost first. */
  readonly stack: readonly string[];
}

const MAX_MESSAGE = 500;
const MAX_FRAMES = 20;

let tellCrash: ((crash: Crash) => void) | null = null;

/**
 * From now on an error that nobody caught is told in these words and ends the process with exit code 1. Node's own report
 * prints every property and cause of an error, and a library may have put a request, a command or a URL with its password there.
 * The newest `tell` is the one that is called.
 */
export function onCrash(tell: (crash: Crash) => void): void {
  if (tellCrash === null) {
    process.on('uncaughtException', (error: unknown) => {
      tellCrash?.(crashOf(error));
      process.exit(1);
    });
  }
  tellCrash = tell;
}

/** Name and message without what looks like a secret, and the frames of the stack; of whatever else hangs on it nothing. */
export function crashOf(error: unknown): Crash {
  if (!(error instanceof Error)) return { errorMessage: `what was thrown is no error (${typeof error})`, stack: [] };
  const message = boundedLine(redactText(error.message), MAX_MESSAGE);
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { errorMessage: message === '' ? error.name : `${error.name}: ${message}`, stack: frames.slice(0, MAX_FRAMES).map((line) => redactText(line.trim())) };
}
