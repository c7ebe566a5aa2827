import { NoFreeSecondError, requestManualFiring } from '#app/request-firing';
import type { RequestDeps, RequestedFiring } from '#app/request-firing';
import type { Clock } from '#app/ports/clock';
import type { FiringRecord } from '#app/ports/ledger';
import { SECOND, addMs, isoSeconds } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { EXIT } from './io.ts';
import type { Io } from './io.ts';
import { knownPolicy } from './known-policy.ts';

export interface TriggerArgs {
  readonly policy: string;
  /** Empty is all volumes of the policy. */
  readonly volume: readonly string[];
  readonly wait: boolean;
  readonly json: boolean;
}

const LOOK_EVERY: DurationMs = (SECOND / 2) as DurationMs;

/** After so long without a plan it is said that nobody schedules. */
const UNPLANNED_AFTER: DurationMs = (15 * SECOND) as DurationMs;

/**
 * Asks for a firing of the policy now; a running scheduler plans it. With `wait` until all its runs have ended, and then
 * a failure where one did not become available, or where there was none.
 */
export async function runTrigger(deps: RequestDeps & { clock: Clock }, args: TriggerArgs, io: Io): Promise<number> {
  const policy = knownPolicy(deps.policies, args.policy, io);
  if (policy === null) return EXIT.usage;
  const only = args.volume.length === 0 ? null : args.volume.map((id) => id.toLowerCase());
  let requested: RequestedFiring;
  try {
    requested = await requestManualFiring(deps, policy, only);
  } catch (error) {
    if (!(error instanceof NoFreeSecondError)) throw error;
    io.stderr.write(`snapkeep: ${error.message}\n`);
    return EXIT.failed;
  }
  const { due } = requested;
  if (!args.json) io.stdout.write(`asked for a firing of ${policy.name}, due ${isoSeconds(due)}\n`);
  const ended = args.wait ? await untilEnded(deps, requested, io) : null;
  const runs = ended?.counts ?? null;
  if (args.json) io.stdout.write(`${JSON.stringify({ policy: policy.name, target: policy.target, due: isoSeconds(due), trigger: 'manual', runs })}\n`);
  if (runs === null) return EXIT.done;
  const good = runs.available > 0 && runs.available === ended?.total;
  if (!args.json) {
    io.stdout.write(`${runs.available} available, ${runs.failed} failed, ${runs.skipped} skipped, ${runs.abandoned} abandoned\n`);
    if (!good) io.stderr.write(runs.available === ended?.total ? `snapkeep: policy ${policy.name} covers no volume\n` : `snapkeep: see snapkeep runs ${policy.name} --since ${isoSeconds(due)}\n`);
  }
  return good ? EXIT.done : EXIT.failed;
}

async function untilEnded({ ledger, clock }: RequestDeps & { clock: Clock }, { firingId }: RequestedFiring, io: Io): Promise<FiringRecord> {
  const sayAt = addMs(clock.now(), UNPLANNED_AFTER);
  let said = false;
  for (;;) {
    const firing = await ledger.firing(firingId);
    if (firing === null) throw new Error('the record of the firing is gone');
    if (firing.finishedAt !== null) return firing;
    if (!said && firing.total === null && clock.now() > sayAt) {
      io.stderr.write('snapkeep: no scheduler has taken it up yet; is one running on this Redis, with this policy? Still waiting\n');
      said = true;
    }
    await clock.sleepUntil(addMs(clock.now(), LOOK_EVERY));
  }
}
