import { randomInt } from 'node:crypto';

/** What `CHAOS_SEED` and `CHAOS_SECONDS` say; without a seed a new one each time, which every line and every failure names. */
export const seed = Number(process.env['CHAOS_SEED'] ?? randomInt(1, 1_000_000));

/** How long the faults last, for the long test; the others take their share of it. */
export const seconds = Number(process.env['CHAOS_SECONDS'] ?? 60);

/** Runs the processes of another checkout: a tree with a patch to try. */
export const launcher = process.env['CHAOS_LAUNCHER'];

/** More of it helps to follow a run: `debug`. */
export const logLevel = process.env['CHAOS_LOG_LEVEL'] ?? 'info';

/** The logs of a run that went well are kept too. */
export const keepLogs = process.env['CHAOS_KEEP_LOGS'] !== undefined;

/** Room for what comes after the faults: the backlog, the end of all processes and the audit. */
export const SETTLE_MS = 360_000;

if (!Number.isInteger(seed) || seed < 0) throw new Error('CHAOS_SEED is a whole number');
if (!(seconds > 0)) throw new Error('CHAOS_SECONDS is a number above 0');
