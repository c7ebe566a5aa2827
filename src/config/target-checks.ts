import { entryProblem } from './file-entries.ts';
import type { Entry } from './file-entries.ts';
import type { Problem } from './problem.ts';
import type { TargetEntry } from './target-schema.ts';

/** What the schema of a target cannot say: which ways to log in go with which API. */
export function targetProblems(entry: Entry<TargetEntry>): readonly Problem[] {
  const target = entry.value;
  if (target === null) return [];
  const { auth } = target;
  if (auth.type === 'aksk' && target.api === 'cinder-v3') {
    return [entryProblem('error', entry, ['auth', 'type'], 'aksk signs for Huawei Cloud only; write password or token for cinder-v3')];
  }
  if (auth.type === 'password' && auth.domain === undefined && auth.userDomain === undefined) {
    const cure = target.api === 'evs-v3' ? 'write the name of the account, for example domain: acme' : 'write for example domain: Default';
    return [entryProblem('error', entry, ['auth'], `"domain" is missing: user names are unique only within a domain; ${cure}`)];
  }
  return [];
}
