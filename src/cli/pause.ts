import { requestCatchUp } from '#app/request-firing';
import type { RequestDeps } from '#app/request-firing';
import { isoSeconds } from '#domain/time';
import { EXIT } from './io.ts';
import type { Io } from './io.ts';
import { knownPolicy } from './known-policy.ts';

/** Stops a policy from firing until it is resumed; due times that pass meanwhile are counted as `paused`. Runs under way go on. */
export async function runPause({ ledger, policies }: RequestDeps, args: { policy: string; json: boolean }, io: Io): Promise<number> {
  const policy = knownPolicy(policies, args.policy, io);
  if (policy === null) return EXIT.usage;
  await ledger.pause(policy.name, await ledger.now());
  io.stdout.write(args.json ? `${JSON.stringify({ policy: policy.name, paused: true })}\n` : `${policy.name} is paused: it does not fire until snapkeep resume ${policy.name}\n`);
  return EXIT.done;
}

/**
 * Lets a paused policy fire again from its next due time on. With `catchUp` the newest due time that passed during the
 * pause fires now. A pause that stands in the policy file is not the command's to lift.
 */
export async function runResume(deps: RequestDeps, args: { policy: string; catchUp: boolean; json: boolean }, io: Io): Promise<number> {
  const policy = knownPolicy(deps.policies, args.policy, io);
  if (policy === null) return EXIT.usage;
  const since = await deps.ledger.resume(policy.name);
  if (policy.paused) {
    io.stderr.write(`snapkeep: the policy file says paused: true for ${policy.name}; take it out there\n`);
    return EXIT.failed;
  }
  const caughtUp = since === null || !args.catchUp ? null : await requestCatchUp(deps, policy, since);
  const due = caughtUp === null ? null : isoSeconds(caughtUp.due);
  if (args.json) {
    io.stdout.write(`${JSON.stringify({ policy: policy.name, paused: false, caughtUp: due })}\n`);
    return EXIT.done;
  }
  io.stdout.write(since === null ? `${policy.name} was not paused\n` : `${policy.name} fires again; it was paused since ${isoSeconds(since)}\n`);
  if (args.catchUp && since !== null) io.stdout.write(due === null ? 'no due time passed meanwhile\n' : `catching up with ${due}\n`);
  return EXIT.done;
}
