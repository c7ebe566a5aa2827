import type { Instant } from './time.ts';

/** What is known of one volume in the cloud, as far as a policy can select by it. */
export interface Volume {
  readonly id: string;
  /** Null or empty where the volume has none. */
  readonly name: string | null;
  /** The cloud's word, lower case: `available`, `in-use`, `error`... An open set. */
  readonly status: string;
  readonly sizeGb: number;
  readonly availabilityZone: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** Empty where the API family shows none. */
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: Instant | null;
}
