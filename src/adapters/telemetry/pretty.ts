import type { DestinationStream } from 'pino';
import { PinoPretty } from 'pino-pretty';

/** For people at a terminal: time, level, sentence, then the fields on the same line. */
export function pinoPretty(stream: DestinationStream): DestinationStream {
  const format = PinoPretty.prettyFactory({
    colorize: true,
    messageKey: 'message',
    timestampKey: 'time',
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'event',
    singleLine: true,
    messageFormat: '{event}: {message}',
  });
  return { write: (line) => stream.write(format(JSON.parse(line)) ?? '') };
}
