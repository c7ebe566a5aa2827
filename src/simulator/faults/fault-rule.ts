import type { Operation } from '../operation.ts';

/** What goes wrong when a {@link FaultRule} applies. */
export type FaultEffect =
  /** Answers this and does nothing. A body that is no string is sent as JSON. */
  | {
      readonly kind: 'respond';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Answers with a named error (see `fault-presets.ts`) and does nothing. */
  | {
      readonly kind: 'code';
      readonly code: string;
      readonly message?: string;
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** The request is carried out (after `commitAfterMs` of simulated time, default at once), the answer is a 504. */
  | { readonly kind: 'commit-then-504'; readonly commitAfterMs?: number }
  /** The request is carried out, the connection is reset instead of an answer. */
  | { readonly kind: 'commit-then-reset'; readonly commitAfterMs?: number }
  /** The connection is reset and nothing is done. */
  | { readonly kind: 'reset-before' }
  /** No answer ever; with `commit` the request is carried out all the same. */
  | { readonly kind: 'hang'; readonly commit?: boolean; readonly commitAfterMs?: number }
  /** A late answer (real milliseconds); `commit` says on which side of the wait the request is carried out. */
  | { readonly kind: 'delay'; readonly delayMs: number; readonly commit?: 'before' | 'after' }
  /** Create: 202, then `creating` ends in `error`. */
  | { readonly kind: 'snapshot-error' }
  /** Create: 202, then `creating` for ever. */
  | { readonly kind: 'snapshot-stuck' }
  /** Delete: 202, then `error_deleting`. */
  | { readonly kind: 'delete-error' }
  /** Delete: 202, then `available` again, as a back-end does whose snapshot is busy. */
  | { readonly kind: 'delete-bounces' }
  /** The token of this request is no longer good, now and for later requests. */
  | { readonly kind: 'token-expired' }
  /** A proxy's HTML page; nothing is done. */
  | { readonly kind: 'html-502' }
  /** The request is carried out; the answer has the right status and a body that is no JSON. */
  | { readonly kind: 'malformed-json' }
  /** The request is carried out; the connection breaks half-way through the body. */
  | { readonly kind: 'truncated-body' }
  /** The request is carried out; the body comes in pieces, `delayMs` (real, default 50) apart. */
  | { readonly kind: 'slow-body'; readonly delayMs?: number };

export interface FaultRule {
  /** For removing it and for the ledger. */
  readonly id?: string;
  readonly operation: Operation | '*';
  /** Ids or names, `*` and `?` as globs; only calls that concern such a volume. */
  readonly volume?: string | readonly string[];
  /** The nth matching call, counted from 1, or a range with both ends included. */
  readonly nth?: number | readonly [number, number];
  /** Every so many matching calls, the first time at `startAt` (default `everyNth` itself). */
  readonly everyNth?: number;
  readonly startAt?: number;
  /** Count `nth`, `everyNth` and `times` for each volume by itself. */
  readonly perVolume?: boolean;
  /** In [0, 1], drawn from the seed. */
  readonly probability?: number;
  /** Applies at most so often. */
  readonly times?: number;
  readonly effect: FaultEffect;
}

export type FaultKind = FaultEffect['kind'];
