import type { Brake, PendingDelete, PruneBook, VolumeToPrune } from '#app/ports/prune-book';

/** The prune book in memory. */
export class FakePruneBook implements PruneBook {
  readonly #noted = new Map<string, { readonly target: string; readonly volume: VolumeToPrune }>();
  readonly #pending = new Map<string, { readonly target: string; readonly pending: PendingDelete }>();
  readonly #brakes = new Map<string, Brake>();

  async note(target: string, volume: VolumeToPrune): Promise<void> {
    this.#noted.set(keyOf(target, volume), { target, volume });
  }

  async noted(target: string, limit: number): Promise<readonly VolumeToPrune[]> {
    const noted = [...this.#noted.values()].filter((each) => each.target === target).map(({ volume }) => volume);
    return noted.toSorted((a, b) => a.since - b.since || (keyOf(target, a) < keyOf(target, b) ? -1 : 1)).slice(0, limit);
  }

  async strike(target: string, volumes: readonly VolumeToPrune[]): Promise<void> {
    for (const volume of volumes) {
      const key = keyOf(target, volume);
      if (this.#noted.get(key)?.volume.since === volume.since) this.#noted.delete(key);
    }
  }

  async begin(target: string, deletes: readonly PendingDelete[]): Promise<ReadonlySet<string>> {
    const fresh = deletes.filter(({ snapshotId }) => !this.#pending.has(`${target} ${snapshotId}`));
    for (const pending of fresh) this.#pending.set(`${target} ${pending.snapshotId}`, { target, pending });
    return new Set(fresh.map(({ snapshotId }) => snapshotId));
  }

  async pending(target: string): Promise<readonly PendingDelete[]> {
    return [...this.#pending.values()].filter((each) => each.target === target).map(({ pending }) => pending);
  }

  async update(target: string, deletes: readonly PendingDelete[]): Promise<void> {
    for (const pending of deletes) {
      const key = `${target} ${pending.snapshotId}`;
      if (this.#pending.has(key)) this.#pending.set(key, { target, pending });
    }
  }

  async end(target: string, snapshotIds: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(snapshotIds.filter((id) => this.#pending.delete(`${target} ${id}`)));
  }

  async brakes(): Promise<ReadonlyMap<string, Brake>> {
    return new Map(this.#brakes);
  }

  async brake(brake: Brake): Promise<boolean> {
    if (this.#brakes.get(brake.policy)?.revision === brake.revision) return false;
    this.#brakes.set(brake.policy, brake);
    return true;
  }

  async lift(policy: string): Promise<void> {
    this.#brakes.delete(policy);
  }
}

function keyOf(target: string, { policy, volumeId }: VolumeToPrune): string {
  return `${target} ${policy}/${volumeId}`;
}
