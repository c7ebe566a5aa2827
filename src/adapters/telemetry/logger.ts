import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** JSON lines on the stream given, or readable ones where `pretty`. The time is UTC ISO 8601, the level a word. */
export async function createLogger(options: { level: LogLevel; pretty: boolean; stream: DestinationStream }): Promise<Logger> {
  const stream = options.pretty ? (await import('./pretty.ts')).pinoPretty(options.stream) : options.stream;
  return pino(
    {
      level: options.level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
}
