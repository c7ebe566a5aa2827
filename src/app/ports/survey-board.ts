import type { Instant } from '#domain/time';

/** What was found when all volumes of a target were looked at, whatever policy they are in. */
export interface Survey {
  readonly at: Instant;
  /** Of the policies that were asked. */
  readonly revision: string;
  readonly volumes: number;
  /** Volumes that no policy of the target matches. */
  readonly unprotected: number;
  /** Some of those, by id. */
  readonly examples: readonly { readonly id: string; readonly name: string | null }[];
}

/** The newest survey of each target, shared by all replicas. Every method may throw where the store is away. */
export interface SurveyBoard {
  read(): Promise<ReadonlyMap<string, Survey>>;
  write(target: string, survey: Survey): Promise<void>;
  forget(targets: readonly string[]): Promise<void>;
}
