import { readPlan } from '#app/plan-preview';
import type { ReadPlanDeps } from '#app/plan-preview';
import { DAY, parseDuration } from '#domain/time';
import { parseSince } from '#domain/since';
import { EXIT } from './io.ts';
import type { Io } from './io.ts';
import { knownPolicy } from './known-policy.ts';
import { planText } from './plan-text.ts';

export interface PlanArgs {
  readonly policy?: string;
  readonly from?: string;
  readonly horizon: string;
  readonly offline: boolean;
  readonly json: boolean;
}

/** As far as the HTTP API looks. */
const LONGEST_HORIZON = 366 * DAY;

/** Prints what would happen; changes nothing. A failure where a target did not list everything: the rest is printed all the same. */
export async function runPlan(deps: ReadPlanDeps & { readonly fileWarnings: readonly string[] }, args: PlanArgs, io: Io): Promise<number> {
  const horizon = parseDuration(args.horizon);
  if (horizon === null || horizon > LONGEST_HORIZON) {
    io.stderr.write(`snapkeep: --horizon is a duration such as 7d, at most 366d, not ${args.horizon}\n`);
    return EXIT.usage;
  }
  const from = args.from === undefined ? null : parseSince(args.from, await deps.ledger.now());
  if (from === null && args.from !== undefined) {
    io.stderr.write(`snapkeep: --from is an instant (2026-11-24T02:00:00Z), a day (2026-11-24) or a duration back from now (24h), not ${args.from}\n`);
    return EXIT.usage;
  }
  if (args.policy !== undefined && knownPolicy(deps.policies, args.policy, io) === null) return EXIT.usage;
  const read = await readPlan(deps, { from, horizon, policy: args.policy ?? null });
  const plan = { ...read, warnings: [...read.warnings, ...deps.fileWarnings] };
  io.stdout.write(args.json ? `${JSON.stringify(plan)}\n` : `${planText(plan, deps.policies)}\n`);
  for (const { target, message } of plan.failedTargets) io.stderr.write(`snapkeep: target ${target} did not list everything: ${message}\n`);
  return plan.failedTargets.length > 0 ? EXIT.failed : EXIT.done;
}
