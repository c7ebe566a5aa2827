/** One queue for each target, so that one that is throttled or down holds up no other. */
export function queueNameOf(target: string): string {
  return `runs-${target}`;
}

/** Every job has the same name: what it is about stands in its id. */
export const JOB_NAME = 'run';
