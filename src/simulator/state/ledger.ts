import type { Operation } from '../operation.ts';
import type { StringMap } from './snapshot.ts';

/** One request as the cloud saw it. */
export interface LedgerRequest {
  /** Counts from 1 in order of arrival. */
  readonly n: number;
  /** Arrival, epoch milliseconds of the simulated clock. */
  readonly at: number;
  readonly operation: Operation;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** What was answered; 0 when the client got no answer. */
  readonly status: number;
  /** Error code of the answer, such as `EVS.5400` or `badRequest`. */
  readonly code?: string;
  readonly volumeId?: string;
  readonly snapshotId?: string;
  /** Kept for creates only; parsed when it was JSON. */
  readonly body?: unknown;
  readonly requestId: string;
  /** The fault that was applied: its id, or the kind of its effect. */
  readonly fault?: string;
}

/** Something that really happened, whatever was answered. */
export interface LedgerEffect {
  readonly n: number;
  /** Epoch milliseconds of the simulated clock. */
  readonly at: number;
  readonly kind: 'snapshot-created' | 'snapshot-deleted';
  readonly snapshotId: string;
  readonly volumeId: string;
  readonly name: string | null;
  readonly metadata: StringMap;
  /** The request that caused it; 0 when none did. */
  readonly requestN: number;
  readonly cause: 'request' | 'volume-removed' | 'injected';
}

export interface RequestFilter {
  readonly operation?: Operation;
  readonly status?: number;
  readonly method?: string;
  readonly volumeId?: string;
  readonly snapshotId?: string;
  readonly code?: string;
  /** Only requests that a fault touched (true) or none did (false). */
  readonly faulted?: boolean;
  /** Only requests with a greater number. */
  readonly afterN?: number;
}

export interface EffectFilter {
  readonly kind?: LedgerEffect['kind'];
  readonly volumeId?: string;
  readonly afterN?: number;
}

/** The last `capacity` items, in order; unbounded when capacity is infinite. */
class Tail<T> {
  readonly #capacity: number;
  #items: T[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(item: T): void {
    this.#items.push(item);
    // Cut only now and then: one copy per `capacity` pushes keeps the cost of a push constant.
    if (this.#items.length >= this.#capacity * 2) this.#items = this.#items.slice(-this.#capacity);
  }

  items(): readonly T[] {
    return this.#items.length > this.#capacity ? this.#items.slice(-this.#capacity) : this.#items;
  }
}

/** What really happened, append-only. Counters stay exact when old entries are dropped to bound memory. */
export class Ledger {
  readonly #requests: Tail<LedgerRequest>;
  readonly #effects: Tail<LedgerEffect>;
  readonly #counts = new Map<string, number>();
  readonly #inFlight = new Map<Operation, { now: number; peak: number }>();
  #effectN = 0;

  constructor(limits: { readonly maxRequests?: number; readonly maxEffects?: number } = {}) {
    this.#requests = new Tail(limits.maxRequests ?? Number.POSITIVE_INFINITY);
    this.#effects = new Tail(limits.maxEffects ?? Number.POSITIVE_INFINITY);
  }

  /** In order of answering. */
  requests(filter: RequestFilter = {}): LedgerRequest[] {
    return this.#requests.items().filter((request) => matchesRequest(request, filter));
  }

  /** All POSTs that asked for a snapshot, refused ones included. */
  creates(filter: Omit<RequestFilter, 'operation'> = {}): LedgerRequest[] {
    return this.requests({ ...filter, operation: 'create' });
  }

  /** Snapshots that requests really made, whether or not the client was told. */
  committedCreates(filter: Omit<EffectFilter, 'kind'> = {}): LedgerEffect[] {
    return this.effects({ ...filter, kind: 'snapshot-created' }).filter((effect) => effect.cause === 'request');
  }

  /** Snapshots that are gone for good, by a request or together with their volume. */
  deletes(filter: Omit<EffectFilter, 'kind'> = {}): LedgerEffect[] {
    return this.effects({ ...filter, kind: 'snapshot-deleted' });
  }

  effects(filter: EffectFilter = {}): LedgerEffect[] {
    return this.#effects
      .items()
      .filter(
        (effect) =>
          (filter.kind === undefined || effect.kind === filter.kind) &&
          (filter.volumeId === undefined || effect.volumeId === filter.volumeId) &&
          (filter.afterN === undefined || effect.n > filter.afterN),
      );
  }

  /** Exact number of requests ever, also of those no longer kept. */
  count(by: { readonly operation?: Operation; readonly status?: number } = {}): number {
    return this.#counts.get(`request ${by.operation ?? '*'} ${by.status ?? '*'}`) ?? 0;
  }

  /** Exact number of effects ever. */
  countEffects(kind: LedgerEffect['kind']): number {
    return this.#counts.get(`effect ${kind}`) ?? 0;
  }

  /** The most requests of this kind that were ever open at the same time. */
  peakInFlight(operation: Operation): number {
    return this.#inFlight.get(operation)?.peak ?? 0;
  }

  /** For the simulator itself. */
  noteStart(operation: Operation): void {
    const entry = this.#inFlight.get(operation) ?? { now: 0, peak: 0 };
    entry.now += 1;
    entry.peak = Math.max(entry.peak, entry.now);
    this.#inFlight.set(operation, entry);
  }

  /** For the simulator itself. */
  noteEnd(operation: Operation): void {
    const entry = this.#inFlight.get(operation);
    if (entry !== undefined) entry.now -= 1;
  }

  /** For the simulator itself. */
  recordRequest(request: LedgerRequest): void {
    this.#requests.push(request);
    for (const operation of ['*', request.operation]) {
      for (const status of ['*', String(request.status)]) this.#raise(`request ${operation} ${status}`);
    }
  }

  /** For the simulator itself. */
  recordEffect(effect: Omit<LedgerEffect, 'n'>): void {
    this.#effectN += 1;
    this.#effects.push({ n: this.#effectN, ...effect });
    this.#raise(`effect ${effect.kind}`);
  }

  #raise(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }
}

function matchesRequest(request: LedgerRequest, filter: RequestFilter): boolean {
  return (
    (filter.operation === undefined || request.operation === filter.operation) &&
    (filter.status === undefined || request.status === filter.status) &&
    (filter.method === undefined || request.method === filter.method) &&
    (filter.volumeId === undefined || request.volumeId === filter.volumeId) &&
    (filter.snapshotId === undefined || request.snapshotId === filter.snapshotId) &&
    (filter.code === undefined || request.code === filter.code) &&
    (filter.faulted === undefined || (request.fault !== undefined) === filter.faulted) &&
    (filter.afterN === undefined || request.n > filter.afterN)
  );
}
