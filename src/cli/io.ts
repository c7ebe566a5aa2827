/** Where a command writes. A command returns its exit code; it never ends the process. */
export interface Io {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Whether a person reads standard output. */
  readonly isTty: boolean;
}

/** Exit codes of all commands. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;
