import { z } from 'zod';
import { FAILURE_KINDS } from '#domain/failure/failure';
import type { EndedOutcome, Firing, Outcome, Run, RunPhase, Trigger } from '#domain/run';
import { OUTCOMES } from '#domain/run';
import { instant } from '#domain/time';
import type { FiringRecord, PolicyStanding, StoredRun } from '#app/ports/ledger';
import { UnreadableRecordError } from '#app/ports/unreadable-record';

/** Instants are whole milliseconds; keys are short because there is one such record for each run kept in the history. */
const At = z.number().transform((ms) => instant(ms));

const StoredAttempt = z.object({
  t: At,
  r: z.enum(['accepted', 'adopted', 'failed', 'unknown', 'throttled', 'error']),
  s: z.number().nullable().default(null),
  c: z.string().nullable().default(null),
  m: z.string().nullable().default(null),
  q: z.string().nullable().default(null),
});

const StoredFailure = z.object({
  k: z.enum([...FAILURE_KINDS, 'skipped']),
  s: z.number().nullable().default(null),
  c: z.string().nullable().default(null),
  m: z.string(),
  q: z.string().nullable().default(null),
});

const StoredBody = z.object({
  v: z.string(),
  n: z.string().nullable().default(null),
  d: z.boolean().default(false),
  t: z.number().default(0),
  r: At.nullable().default(null),
  s: z.string().nullable().default(null),
  sn: z.string().nullable().default(null),
  ad: z.boolean().default(false),
  e: At.nullable().default(null),
  f: StoredFailure.nullable().default(null),
  a: z.array(StoredAttempt).default([]),
});

const phaseLetter: Readonly<Record<RunPhase, string>> = { queued: 'q', requesting: 'r', creating: 'c', ended: 'e' };
const outcomeLetter: Readonly<Record<Outcome, string>> = { pending: 'p', available: 'a', failed: 'f', skipped: 's', abandoned: 'b' };
const phaseOf = new Map(Object.entries(phaseLetter).map(([phase, letter]) => [letter, phase as RunPhase]));
const outcomeOf = new Map(Object.entries(outcomeLetter).map(([outcome, letter]) => [letter, outcome as Outcome]));

export function letters(run: Run): { readonly phase: string; readonly outcome: string } {
  return { phase: phaseLetter[run.phase], outcome: outcomeLetter[run.outcome] };
}

/** The JSON of a run; what is at its default is left out. */
export function encodeRun(run: Run): string {
  return JSON.stringify({
    v: run.volumeId,
    n: run.volumeName ?? undefined,
    d: run.named || undefined,
    t: run.tries || undefined,
    r: run.requestedAt ?? undefined,
    s: run.snapshotId ?? undefined,
    sn: run.snapshotName ?? undefined,
    ad: run.adopted || undefined,
    e: run.finishedAt ?? undefined,
    f: run.failure === null ? undefined : { k: run.failure.kind, ...said(run.failure), m: run.failure.message },
    a: run.attempts.length === 0 ? undefined : run.attempts.map((attempt) => ({ t: attempt.at, r: attempt.result, ...said(attempt) })),
  });
}

function said(of: { httpStatus: number | null; code: string | null; message: string | null; requestId: string | null }): object {
  return { s: of.httpStatus ?? undefined, c: of.code ?? undefined, m: of.message ?? undefined, q: of.requestId ?? undefined };
}

export function newRecord(run: Run): string {
  const { phase, outcome } = letters(run);
  return `1 ${phase}${outcome} ${encodeRun(run)}`;
}

/** What a stored run ended as, without reading all of it. */
export function outcomeIn(stored: string): Outcome | undefined {
  return outcomeOf.get(/^\d+ \w(\w) /.exec(stored)?.[1] ?? '');
}

/** Reads a stored run. Throws UnreadableRecordError where the record is not one of ours: a broken invariant. */
export function decodeRun(id: string, stored: string): StoredRun {
  try {
    return parseRun(id, stored);
  } catch (error) {
    throw new UnreadableRecordError(`the record of run ${id} cannot be read`, { cause: error });
  }
}

function parseRun(id: string, stored: string): StoredRun {
  const match = /^(\d+) (\w)(\w) (.*)$/s.exec(stored);
  const phase = phaseOf.get(match?.[2] ?? '');
  const outcome = outcomeOf.get(match?.[3] ?? '');
  if (match?.[4] === undefined || phase === undefined || outcome === undefined) throw new Error('it has another shape');
  const body = StoredBody.parse(JSON.parse(match[4]));
  return {
    revision: Number(match[1]),
    run: {
      id,
      volumeId: body.v,
      volumeName: body.n,
      named: body.d,
      phase,
      outcome,
      tries: body.t,
      requestedAt: body.r,
      snapshotId: body.s,
      snapshotName: body.sn,
      adopted: body.ad,
      finishedAt: body.e,
      failure: body.f === null ? null : { kind: body.f.k, httpStatus: body.f.s, code: body.f.c, message: body.f.m, requestId: body.f.q },
      attempts: body.a.map(({ t, r, s, c, m, q }) => ({ at: t, result: r, httpStatus: s, code: c, message: m, requestId: q })),
    },
  };
}

const triggers: readonly string[] = ['schedule', 'catch-up', 'manual'] satisfies Trigger[];

/** The fields of a new firing as Redis holds them. */
export function encodeFiring(firing: Firing): readonly string[] {
  const { policy, target, due, trigger, plannedAt, storeId } = firing;
  const store = storeId === undefined ? [] : ['store', storeId];
  return ['policy', policy, 'target', target, 'due', String(due), 'trigger', trigger, 'planned', String(plannedAt), ...store];
}

/** Null where there is no such firing. */
export function decodeFiring(id: string, hash: Readonly<Record<string, string>>): FiringRecord | null {
  const { policy, target, trigger } = hash;
  if (policy === undefined || target === undefined || trigger === undefined || !triggers.includes(trigger)) return null;
  const count = (name: string): number => Number(hash[name] ?? 0);
  const total = hash['total'] === undefined ? null : count('total');
  const ended = (['available', 'failed', 'skipped', 'abandoned'] satisfies EndedOutcome[]).map((name) => [name, count(name)] as const);
  const pending = (total ?? 0) - ended.reduce((sum, [, n]) => sum + n, 0);
  const counts = Object.fromEntries([...OUTCOMES.map((name) => [name, 0] as const), ...ended, ['pending', Math.max(0, pending)]]);
  return {
    id,
    policy,
    target,
    due: instant(count('due')),
    trigger: trigger as Trigger,
    plannedAt: instant(count('planned')),
    ...(hash['store'] === undefined ? {} : { storeId: hash['store'] }),
    total,
    counts: counts as Record<Outcome, number>,
    creating: count('creating'),
    finishedAt: hash['finished'] === undefined ? null : instant(count('finished')),
  };
}

/** Of one policy, as the script returns it. */
const Standing = z
  .tuple([z.string().nullable(), z.string().nullable(), z.string().nullable(), z.number(), z.number(), z.string().nullable()])
  .transform(([watermark, schedule, lastDue, volumes, overdue, oldest]): PolicyStanding => ({
    state: watermark === null || schedule === null ? null : { watermark: instant(Number(watermark)), scheduleKey: schedule },
    lastDue: lastDue === null ? null : instant(Number(lastDue)),
    volumes,
    overdue,
    oldestAt: oldest === null ? null : instant(Number(oldest)),
  }));

export function decodeStanding(reply: unknown): PolicyStanding {
  return Standing.parse(reply);
}

/** HGETALL as a script returns it: field, value, field, value... */
export function pairs(flat: readonly string[]): Record<string, string> {
  const out: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) out[flat[i] ?? ''] = flat[i + 1] ?? '';
  return out;
}
