import { checkTargets } from '#app/check-targets';
import type { TargetAnswers } from '#app/check-targets';
import type { Clouds } from '#app/ports/clouds';
import type { Policies } from '#app/ports/policies';
import { placeOfEntry } from '#config/entry-places';
import { loadPolicies } from '#config/load-policies';
import type { Problem } from '#config/problem';
import type { PolicySet } from '#domain/policy';
import { EXIT } from './io.ts';
import { printResult, problemText } from './validate.ts';
import type { ValidateArgs, ValidateIo } from './validate.ts';

/** The clouds of the targets that were read, for as long as the check takes. */
export type WithClouds = <T>(set: PolicySet, use: (parts: { policies: Policies; clouds: Clouds }) => Promise<T>) => Promise<T>;

/**
 * Checks the files and then the clouds that they name, and prints every problem at the target or policy it is about. Returns
 * 2 where the files are invalid (the clouds are not asked then), 1 where a cloud refuses, does not answer or does not have
 * what a policy names, else 0; with `strict` a warning counts as its kind of problem.
 */
export async function runValidateOnline(args: ValidateArgs, io: ValidateIo, withClouds: WithClouds): Promise<number> {
  const loaded = await loadPolicies(args.paths, { now: io.now });
  if (!loaded.ok || (args.strict && loaded.warnings.length > 0)) return printResult(loaded, args, io);
  const targets = await withClouds(loaded.set, checkTargets);
  const found = targets.flatMap(({ findings }) => findings).map(({ severity, target, policy, message }): Problem => ({
    severity,
    ...(policy === null ? placeOfEntry(loaded.files, 'targets', target) : placeOfEntry(loaded.files, 'policies', policy)),
    message,
  }));
  const isGood = !found.some(({ severity }) => severity === 'error' || args.strict);
  const problems = [...loaded.warnings, ...found];
  if (args.json) {
    io.stdout.write(`${JSON.stringify({ valid: isGood, problems, targets: targets.map(({ answers }) => answers) })}\n`);
  } else {
    for (const problem of problems) io.stdout.write(problemText(problem, null));
    for (const { answers } of targets) io.stdout.write(`${told(answers)}\n`);
    io.stdout.write(`the files are valid; ${isGood ? 'the clouds can be worked with' : 'the clouds are not as they must be'}\n`);
  }
  return isGood ? EXIT.done : EXIT.failed;
}

function told({ target, loggedIn, volumes, snapshots, snapshotsLeft, gigabytesLeft }: TargetAnswers): string {
  if (!loggedIn) return `target ${target}: not logged in`;
  const counts = [volumes === null ? 'volumes unknown' : `${volumes} volumes`, snapshots === null ? 'snapshots unknown' : `${snapshots} snapshots`];
  const left = [snapshotsLeft === null ? [] : [`${snapshotsLeft} more snapshots`], gigabytesLeft === null ? [] : [`${gigabytesLeft} GB more`]].flat();
  return `target ${target}: logged in, ${counts.join(', ')}, the quota allows ${left.length === 0 ? 'any number (or is unknown)' : left.join(' and ')}; whether snapshots may be created and deleted shows at the first firing`;
}
