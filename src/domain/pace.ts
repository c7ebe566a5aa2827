/**
 * The pace of calls to one target, shared by all replicas: a rate that the policy file sets, a lower one while the cloud
 * throttles. Pure; rates are calls per second, null is no limit, instants are milliseconds of any one clock.
 */
export interface Pace {
  /** What the cloud's refusals have brought the rate down to; null where they have not. */
  readonly slowed: number | null;
  /** From where the rate, on its way up again, counts as recovered although the policy file sets none. */
  readonly ceiling: number;
  /** The ceiling is a limit that the cloud itself spoke of. */
  readonly isNamed: boolean;
  /** When `slowed` was last computed. */
  readonly at: number;
  /** No call before this. */
  readonly blockedUntil: number;
  /** When the next call may go at the earliest, by the pace of those before it. */
  readonly nextAt: number;
}

export const UNHURRIED: Pace = { slowed: null, ceiling: 0, isNamed: false, at: 0, blockedUntil: 0, nextAt: 0 };

/** Halved no further than this, however often the cloud refuses: a target that takes nothing has to be noticed as such. */
const SLOWEST = 0.2;

/** A limit that the cloud names may be lower; below one call in ten minutes nothing is believed. */
const LOWEST_NAMED = 1 / 600;

/** The share of its rate that a throttled target keeps. */
const KEPT_SHARE = 0.5;

/** Refusals within this, ms, are one event: many calls were under way when the first one came. */
const ONE_EVENT_MS = 1_000;

/** Without a word of the cloud on how long to wait, ms. Source: the API gateway's FAQ advises 2 to 5 seconds. */
const DEFAULT_WAIT_MS = 2_000;

/** What is left of a limit that the cloud itself names, so as to stay under it. */
const NAMED_LIMIT_SHARE = 0.98;

/** Additive recovery: so much of the ceiling comes back each second. */
const RECOVERY_PER_S = 0.02;

/**
 * The same below a limit that the cloud names. Calls at just that rate are refused sooner or later, for the cloud counts in windows
 * of its own, and each refusal costs a whole window: the rate comes back up to it in minutes, not in seconds.
 */
const NAMED_RECOVERY_PER_S = 0.000_1;

/** The rate in force at `now`, after what has recovered since. */
export function rateAt(pace: Pace, base: number | null, now: number): { readonly rate: number | null; readonly pace: Pace } {
  if (pace.slowed === null) return { rate: base, pace };
  const recovered = recoveredAfter(pace.slowed, pace, Math.max(0, now - Math.max(pace.at, pace.blockedUntil)) / 1000);
  const top = base ?? pace.ceiling * 2;
  if (recovered >= top) return { rate: base, pace: { ...pace, slowed: null, at: now } };
  return { rate: recovered, pace: { ...pace, slowed: recovered, at: Math.max(now, pace.at) } };
}

/** Quick up to just below a limit that the cloud names, slow from there on. */
function recoveredAfter(slowed: number, { ceiling, isNamed }: Pace, seconds: number): number {
  const edge = isNamed ? Math.max(slowed, ceiling * NAMED_LIMIT_SHARE) : Infinity;
  const quick = slowed + seconds * ceiling * RECOVERY_PER_S;
  if (quick <= edge) return quick;
  const secondsLeft = seconds - (edge - slowed) / (ceiling * RECOVERY_PER_S);
  return edge + secondsLeft * ceiling * NAMED_RECOVERY_PER_S;
}

/** Takes up to `wanted` turns. The first is at `from`, the others `interval` ms apart; without a limit all are at `from`. */
export function takeTurns(
  pace: Pace,
  base: number | null,
  now: number,
  wanted: number,
): { readonly from: number; readonly interval: number; readonly pace: Pace } {
  const current = rateAt(pace, base, now);
  const from = Math.max(now, current.pace.blockedUntil);
  if (current.rate === null) return { from, interval: 0, pace: current.pace };
  const interval = 1000 / current.rate;
  const first = Math.max(from, current.pace.nextAt);
  return { from: first, interval, pace: { ...current.pace, nextAt: first + wanted * interval } };
}

/**
 * The cloud refused a call for there being too many. `observed` is the rate at which calls really went out, for a target
 * without a limit of its own; `named` the limit the cloud itself speaks of.
 */
export function slowDown(
  pace: Pace,
  base: number | null,
  now: number,
  refusal: { readonly retryAfterMs: number | null; readonly named: number | null; readonly observed: number },
): Pace {
  const { rate, pace: current } = rateAt(pace, base, now);
  const blockedUntil = Math.max(current.blockedUntil, now + (refusal.retryAfterMs ?? DEFAULT_WAIT_MS));
  const sameEvent = current.slowed !== null && now - current.at < ONE_EVENT_MS && current.blockedUntil > now;
  if (sameEvent) return { ...current, blockedUntil };
  const before = rate ?? Math.max(refusal.observed, SLOWEST);
  const ceiling = refusal.named ?? Math.max(before, current.slowed === null ? 0 : current.ceiling);
  const named = refusal.named === null ? null : Math.max(LOWEST_NAMED, Math.min(before, refusal.named * NAMED_LIMIT_SHARE));
  const slowed = named ?? Math.min(before, Math.max(SLOWEST, before * KEPT_SHARE));
  return { slowed, ceiling, isNamed: refusal.named !== null, at: now, blockedUntil, nextAt: Math.max(current.nextAt, blockedUntil) };
}
