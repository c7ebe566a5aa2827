import type { Policy } from '#domain/policy';
import type { Outcome } from '#domain/run';
import { isoInstant, isoSeconds } from '#domain/time';
import type { FiringRecord, Ledger, Protection } from './ports/ledger.ts';
import { lagSeconds } from '#domain/rpo-lag';
import type { GridFiring, GridVolume, GridView } from './views/grid-view.ts';

export interface GridQuery {
  /** Columns, the newest firings. */
  readonly firings: number;
  /** Part of a volume's name or id, in any case; empty finds all. */
  readonly search: string;
  readonly limit: number;
  /** How many volumes to pass over: the `next` of an earlier answer. */
  readonly after: number;
}

/** What the newest ended firing knew of a volume. */
interface KnownVolume {
  readonly name: string | null;
  readonly outcome: Outcome;
}

interface Row {
  readonly protection: Protection;
  readonly known: KnownVolume | undefined;
  /** Zero where it is not overdue. */
  readonly overdueSeconds: number;
}

/** The worst comes first. */
const order: Readonly<Record<Outcome, number>> = { abandoned: 0, failed: 1, skipped: 2, pending: 3, available: 4 };

/** Reads grids. Keeps what the newest ended firing of each policy knew of its volumes, since that does not change any more. */
export class GridReader {
  readonly #ledger: Ledger;
  readonly #known = new Map<string, { readonly firingId: string; readonly volumes: Promise<ReadonlyMap<string, KnownVolume>> }>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  async read(policy: Policy, query: GridQuery): Promise<GridView> {
    const [firings, protections, now] = await Promise.all([this.#ledger.firings(policy.name, query.firings), this.#ledger.protections(policy.name), this.#ledger.now()]);
    const known = await this.#knownOf(policy.name, firings.find(({ finishedAt }) => finishedAt !== null) ?? null);
    const rows = protections
      .map((protection): Row => {
        const lag = lagSeconds(protection, now);
        return { protection, known: known.get(protection.volumeId), overdueSeconds: lag * 1000 > policy.rpo ? lag : 0 };
      })
      .filter((row) => isFound(row, query.search.toLowerCase()))
      .toSorted(worstFirst);
    const shown = rows.slice(query.after, query.after + query.limit);
    const end = query.after + shown.length;
    return {
      policy: policy.name,
      firings: firings.map(gridFiring),
      volumes: await this.#volumes(firings, shown),
      total: protections.length,
      matched: rows.length,
      next: end < rows.length ? String(end) : null,
    };
  }

  async #volumes(firings: readonly FiringRecord[], rows: readonly Row[]): Promise<readonly GridVolume[]> {
    const ids = rows.map(({ protection }) => protection.volumeId);
    const columns = await Promise.all(
      firings.map(async ({ id }) => new Map((await this.#ledger.runsOn(id, ids)).map((run) => [run.volumeId, run]))),
    );
    return rows.map(({ protection: { volumeId, lastGoodAt }, known, overdueSeconds }) => {
      const runs = columns.map((column) => column.get(volumeId) ?? null);
      return {
        id: volumeId,
        name: known?.name ?? runs.find((run) => run !== null)?.volumeName ?? null,
        overdue: overdueSeconds > 0,
        lastGoodAt: lastGoodAt === null ? null : isoInstant(lastGoodAt),
        cells: runs.map((run) => (run === null ? null : { run: run.id, outcome: run.outcome })),
      };
    });
  }

  async #knownOf(policy: string, firing: FiringRecord | null): Promise<ReadonlyMap<string, KnownVolume>> {
    if (firing === null) return new Map();
    const kept = this.#known.get(policy);
    if (kept?.firingId === firing.id) return kept.volumes;
    const volumes = this.#readKnown(firing.id);
    this.#known.set(policy, { firingId: firing.id, volumes });
    volumes.catch(() => this.#known.delete(policy));
    return volumes;
  }

  async #readKnown(firingId: string): Promise<ReadonlyMap<string, KnownVolume>> {
    const volumes = new Map<string, KnownVolume>();
    for await (const page of this.#ledger.runsOfFiring(firingId)) {
      for (const { run } of page) volumes.set(run.volumeId, { name: run.volumeName, outcome: run.outcome });
    }
    return volumes;
  }
}

function isFound({ protection, known }: Row, search: string): boolean {
  return protection.volumeId.toLowerCase().includes(search) || (known?.name?.toLowerCase().includes(search) ?? false);
}

/** Overdue ones by their lag, then by what the newest ended firing came to, then by name. */
function worstFirst(a: Row, b: Row): number {
  return (
    b.overdueSeconds - a.overdueSeconds ||
    order[a.known?.outcome ?? 'pending'] - order[b.known?.outcome ?? 'pending'] ||
    compare(nameOf(a), nameOf(b)) ||
    compare(a.protection.volumeId, b.protection.volumeId)
  );
}

function nameOf({ known, protection }: Row): string {
  return known?.name ?? protection.volumeId;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function gridFiring({ id, due, trigger, finishedAt, counts }: FiringRecord): GridFiring {
  return { id, due: isoSeconds(due), trigger, finishedAt: finishedAt === null ? null : isoInstant(finishedAt), runs: counts };
}
