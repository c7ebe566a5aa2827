import { findRestorable } from '#app/find-restorable';
import type { FindDeps, Restorable, Wanted } from '#app/find-restorable';
import { restoreVolume } from '#app/restore-volume';
import type { RestoreDeps } from '#app/restore-volume';
import { ActionRefused } from '#app/ports/actions';
import { CloudFailure } from '#domain/failure/failure';
import { ownershipOf } from '#domain/naming/owned-metadata';
import { RESTORE_KEY, restoredName } from '#domain/restore';
import { parseSince } from '#domain/since';
import { isoSeconds } from '#domain/time';
import type { Volume } from '#domain/volume';
import { EXIT } from './io.ts';
import type { Io } from './io.ts';
import { knownPolicy } from './known-policy.ts';
import { humanSeconds } from './table.ts';

export interface RestoreArgs {
  readonly snapshot?: string;
  readonly policy?: string;
  readonly volume?: string;
  readonly at?: string;
  readonly target?: string;
  readonly name?: string;
  readonly type?: string;
  readonly json: boolean;
}

export interface RestoreCommandDeps extends FindDeps, RestoreDeps {
  /** Never the same twice. */
  readonly restoreId: string;
  /** Somebody does not want to wait any longer. */
  readonly signal: AbortSignal;
}

/** What `restore --json` says. */
interface RestoreView {
  readonly snapshotId: string;
  readonly volumeId: string;
  readonly name: string | null;
  /** `available`, or the cloud's word for how it ended. */
  readonly status: string;
  readonly sizeGb: number;
  readonly seconds: number;
}

/** Makes a new volume of a snapshot and waits for it. A failure where it does not become available, with the id of what was made. */
export async function runRestore(deps: RestoreCommandDeps, args: RestoreArgs, io: Io): Promise<number> {
  const wanted = wantedBy(deps, args, io);
  if (wanted === null) return EXIT.usage;
  const say = (line: string): void => {
    if (!args.json) io.stdout.write(`${line}\n`);
  };
  const complain = (line: string): number => {
    io.stderr.write(`snapkeep: ${line}\n`);
    return EXIT.failed;
  };
  let made: Volume | null = null;
  let asked = false;
  const onMade = (volume: Volume): void => {
    made = volume;
    say(`volume ${volume.id} (${volume.name ?? '-'}) is being made; no other volume is touched`);
  };
  const soFar = (): Volume | null => made;
  const startedAt = deps.clock.now();
  try {
    const found = await findRestorable(deps, wanted, deps.signal);
    say(described(found));
    asked = true;
    const volume = await restoreVolume(deps, { ...found, name: args.name ?? restoredName(found.snapshot), volumeType: args.type ?? null, restoreId: deps.restoreId, onMade }, deps.signal);
    const seconds = Math.round((deps.clock.now() - startedAt) / 1000);
    const view: RestoreView = { snapshotId: found.snapshot.id, volumeId: volume.id, name: volume.name, status: volume.status, sizeGb: volume.sizeGb, seconds };
    if (args.json) io.stdout.write(`${JSON.stringify(view)}\n`);
    if (volume.status !== 'available') return complain(`volume ${volume.id} ended as ${volume.status}: the cloud could not make it from snapshot ${found.snapshot.id}; it holds no data and can be deleted`);
    say(`volume ${volume.id} (${volume.name ?? '-'}) is available: ${volume.sizeGb} GB${volume.availabilityZone === null ? '' : ` in ${volume.availabilityZone}`}, after ${humanSeconds(seconds)}`);
    return EXIT.done;
  } catch (error) {
    const volume = soFar();
    if (deps.signal.aborted) return complain(interrupted(volume, asked, deps.restoreId));
    if (error instanceof ActionRefused) return complain(error.message);
    if (!(error instanceof CloudFailure)) throw error;
    const { httpStatus, code, message, outcomeUnknown } = error.failure;
    const said = [httpStatus, code, message].filter((part) => part !== null).join(' ');
    if (volume !== null) return complain(`volume ${volume.id} was asked for, and then the cloud did not say how it goes on: ${said}`);
    return complain(outcomeUnknown ? `the answer was lost: ${said}; if the cloud made a volume, it bears the metadata ${RESTORE_KEY}=${deps.restoreId}` : `the cloud made no volume: ${said}`);
  }
}

/** Null where the flags do not say one thing; then that has been printed. */
function wantedBy({ policies, clock }: RestoreCommandDeps, args: RestoreArgs, io: Io): Wanted | null {
  const refuse = (message: string): null => {
    io.stderr.write(`snapkeep: ${message}\n`);
    return null;
  };
  const { snapshot, policy, volume, at, target } = args;
  if (target !== undefined && policies.target(target) === null) {
    return refuse(`no target is called ${target}; there are: ${policies.current().targets.map(({ name }) => name).join(', ')}`);
  }
  if (snapshot !== undefined) {
    if (policy !== undefined || volume !== undefined || at !== undefined) return refuse('give the id of a snapshot, or --policy, --volume and --at, not both');
    return { snapshotId: snapshot, target: target ?? null };
  }
  if (policy === undefined || volume === undefined || at === undefined) return refuse('give the id of a snapshot, or all of --policy, --volume and --at');
  const instant = parseSince(at, clock.now());
  if (instant === null) return refuse(`--at is an instant (2026-11-24T02:00:00Z), a day (2026-11-24, its start) or a duration back from now (24h), not ${at}`);
  return knownPolicy(policies, policy, io) === null ? null : { policy, volume, at: instant };
}

function described({ target, snapshot }: Restorable): string {
  const owner = ownershipOf(snapshot.metadata);
  const whose = owner === null ? 'not made by snapkeep' : `policy ${owner.policy} of ${owner.instance}, due ${isoSeconds(owner.due)}`;
  return `snapshot ${snapshot.id} of volume ${snapshot.volumeId} on ${target}: ${whose}, ${snapshot.sizeGb} GB`;
}

function interrupted(volume: Volume | null, asked: boolean, restoreId: string): string {
  if (volume !== null) return `interrupted; volume ${volume.id} goes on being made, and snapkeep does nothing more with it`;
  return asked ? `interrupted while the volume was asked for: if the cloud made one, it bears the metadata ${RESTORE_KEY}=${restoreId}` : 'interrupted; nothing was made';
}
