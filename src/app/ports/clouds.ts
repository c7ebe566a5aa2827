import type { Cloud } from './cloud.ts';

/** The cloud of each target by name; throws where no policy file names such a target. */
export interface Clouds {
  of(target: string): Cloud;
}
