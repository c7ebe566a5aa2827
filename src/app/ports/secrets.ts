import type { SecretRef } from '#domain/target';

/** Reads a secret where the policy files say it is. Throws an error that names the place, never the value. */
export interface Secrets {
  read(ref: SecretRef): Promise<string>;
}
