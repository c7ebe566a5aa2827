/** One queue for each target, so that one that is throttled or down holds up no other. */
export function queueNameOf(target: string): string {
  return `runs-${target}`;
}

/** Every job has the same name: what it is about stands in its id. */
export const JOB_NAME = 'run';

/** Calls to receivers of notifications have a queue of their own, so that a slow receiver holds up no run. */
export const NOTICE_QUEUE = 'notifications';
