import { CurrentPolicies } from '#app/current-policies';
import { PolicyReload } from '#app/reload-policies';
import type { PolicyChanges } from '#domain/policy-changes';
import { FakePolicyFiles } from '../fakes/fake-policy-files.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { RecordingTelemetry } from '../fakes/recording-telemetry.ts';

export interface ReloadScene extends AsyncDisposable {
  readonly files: FakePolicyFiles;
  readonly clock: ManualClock;
  readonly telemetry: RecordingTelemetry;
  readonly policies: CurrentPolicies;
  readonly reload: PolicyReload;
  readonly changes: PolicyChanges[];
}

/** A service that watches this file, from ten o'clock on. */
export function watching(text: string, now = '2026-11-24T10:00:00Z'): ReloadScene {
  const files = new FakePolicyFiles(text);
  const clock = new ManualClock(now);
  const telemetry = new RecordingTelemetry();
  const reading = files.reading();
  const loaded = reading.load({ now: clock.now() });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  files.loads = 0;
  const policies = new CurrentPolicies(loaded.set);
  const changes: PolicyChanges[] = [];
  const reload = new PolicyReload({ files, policies, clock, telemetry, changed: (each) => void changes.push(each) }, { digest: reading.digest, loadedAt: clock.now() });
  const stopping = new AbortController();
  const running = reload.run(stopping.signal);
  return {
    files,
    clock,
    telemetry,
    policies,
    reload,
    changes,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await running;
    },
  };
}
