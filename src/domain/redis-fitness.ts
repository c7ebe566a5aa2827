/** What a Redis (or Valkey) server says of itself, as far as it decides whether state is safe with it. */
export interface StoreFacts {
  /** `7.0.15`; for Valkey the version of Redis it is compatible with. Empty where it does not say. */
  readonly version: string;
  /** `noeviction`, `allkeys-lru`... Empty where it does not say. */
  readonly evictionPolicy: string;
  /** Null where it does not say. */
  readonly appendOnly: boolean | null;
}

export interface StoreFitness {
  /** Why the service must not run on this server. */
  readonly refusals: readonly string[];
  /** What may lose state one day. */
  readonly warnings: readonly string[];
}

/** Oldest version that the scripts and the queue are tested with. */
const OLDEST_MAJOR = 7;

/** Judges a server at start. Evicting any key loses jobs without an error (measured on BullMQ 6.7.0): refused. */
export function judgeStore({ version, evictionPolicy, appendOnly }: StoreFacts): StoreFitness {
  const refusals: string[] = [];
  const warnings: string[] = [];
  const major = Number.parseInt(version, 10);
  if (Number.isFinite(major) && major < OLDEST_MAJOR) refusals.push(`Redis ${version} is too old; use ${OLDEST_MAJOR}.0 or newer, or Valkey`);
  if (evictionPolicy.startsWith('allkeys-')) {
    refusals.push(`maxmemory-policy is ${evictionPolicy}: Redis would drop queued runs when memory is short; set maxmemory-policy noeviction`);
  } else if (evictionPolicy.startsWith('volatile-')) {
    warnings.push(`maxmemory-policy is ${evictionPolicy}: leases and holds may be dropped when memory is short; set maxmemory-policy noeviction`);
  }
  if (appendOnly === false) warnings.push('appendonly is off: a restart of Redis loses everything since its last dump; set appendonly yes');
  return { refusals, warnings };
}
