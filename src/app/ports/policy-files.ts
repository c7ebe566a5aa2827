import type { PolicySet } from '#domain/policy';
import type { Instant } from '#domain/time';

/** One thing wrong with the policy files, with its place. */
export interface PolicyProblem {
  /** A warning leaves the files valid; `validate --strict` fails on it. */
  readonly severity: 'error' | 'warning';
  /** The file's name as it was given, or the directory's name and the file's. */
  readonly file: string;
  /** From 1; 1 where the file as a whole is meant. */
  readonly line: number;
  /** From 1, in UTF-16 units; 1 where the file as a whole is meant. */
  readonly column: number;
  /** Like `policies[0].schedule.cron`; that of the parent where a key is missing; empty for a syntax error or the whole file. */
  readonly path: string;
  /** What is wrong, and what would be right. Never holds a secret. */
  readonly message: string;
}

export type PolicyLoad =
  | { readonly ok: true; readonly set: PolicySet; readonly warnings: readonly PolicyProblem[] }
  /** Errors, and the warnings of what could be read. */
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

/** What the policy files hold at one moment; that they cannot be read is part of it. */
export interface PolicyReading {
  /** Equal for equal content. */
  readonly digest: string;
  /** Reads the content as policies. Another `instance` than the given one is a problem like any other. */
  load(options: { readonly now: Instant; readonly instance?: string }): PolicyLoad;
}

/** The policy files of a running service. */
export interface PolicyFiles {
  /** Null where nothing has changed since the last answer, as far as can be told cheaply. Never throws for what is wrong with the files. */
  read(now: Instant): Promise<PolicyReading | null>;
}
