import { describe, expect, test } from 'vitest';
import { supervise } from '#app/supervise';
import { Wakeable } from '#app/wakeable';
import { HOUR, MINUTE, SECOND, addMs } from '#domain/time';
import { ManualClock, settle } from '../fakes/manual-clock.ts';
import { RecordingTelemetry } from '../fakes/recording-telemetry.ts';

const START = '2026-11-24T02:00:00Z';

function supervised(run: (signal: AbortSignal, clock: ManualClock) => Promise<void>) {
  const clock = new ManualClock(START);
  const telemetry = new RecordingTelemetry();
  const stop = new AbortController();
  const startedAt: number[] = [];
  const begun = clock.now();
  const ended = supervise({ clock, telemetry }, 'scheduler', async (signal) => {
    startedAt.push((clock.now() - begun) / SECOND);
    await run(signal, clock);
  }, stop.signal);
  return { clock, telemetry, startedAt, stop, ended };
}

describe('supervise', () => {
  test('a loop that fails is started again after ever longer delays, up to half a minute', async () => {
    const { clock, telemetry, startedAt, stop, ended } = supervised(() => Promise.reject(new Error('Redis is away')));
    await clock.advance(2 * MINUTE);
    expect(startedAt).toEqual([0, 1, 3, 7, 15, 31, 61, 91]);
    expect(telemetry.of('loop.failed').slice(0, 2)).toEqual([
      { loop: 'scheduler', errorMessage: 'Redis is away', restartMs: 1_000 },
      { loop: 'scheduler', errorMessage: 'Redis is away', restartMs: 2_000 },
    ]);
    stop.abort();
    await ended;
  });

  test('one that lived for more than a minute starts its delays anew', async () => {
    let lives = 0;
    const { clock, startedAt, stop, ended } = supervised(async (signal, time) => {
      lives += 1;
      if (lives === 5) await time.sleepUntil(addMs(time.now(), 90 * SECOND), signal);
      throw new Error('again');
    });
    await clock.advance(109 * SECOND);
    expect(startedAt).toEqual([0, 1, 3, 7, 15, 106, 108]);
    stop.abort();
    await ended;
  });

  test('one that ends by itself is started again, and so is one that throws no Error', async () => {
    let lives = 0;
    const { clock, telemetry, stop, ended } = supervised(async () => {
      lives += 1;
      // eslint-disable-next-line typescript/only-throw-error, no-throw-literal -- what a library might do
      if (lives === 2) throw 'a string';
    });
    await clock.advance(SECOND);
    expect(telemetry.of('loop.failed').map(({ errorMessage }) => errorMessage)).toEqual(['the loop ended by itself', 'a string']);
    stop.abort();
    await ended;
  });

  test('ends with the signal: running, between two lives, or before the first', async () => {
    const running = supervised((signal, time) => time.sleepUntil(addMs(time.now(), HOUR), signal));
    await settle();
    running.stop.abort();
    await running.ended;
    expect(running.telemetry.events).toEqual([]);

    const between = supervised(() => Promise.reject(new Error('x')));
    await settle();
    between.stop.abort();
    await between.ended;
    expect(between.startedAt).toEqual([0]);
    expect(between.clock.sleeping).toBe(0);

    const aborted = new AbortController();
    aborted.abort();
    let started = false;
    await supervise(between, 'x', async () => {
      started = true;
    }, aborted.signal);
    expect(started).toBe(false);
  });

  test('a failure that comes of stopping is not told', async () => {
    const { telemetry, stop, ended } = supervised(async (signal, time) => {
      await time.sleepUntil(addMs(time.now(), HOUR), signal);
      throw new Error('cut off');
    });
    await settle();
    stop.abort();
    await ended;
    expect(telemetry.events).toEqual([]);
  });
});

describe('Wakeable', () => {
  const start = new ManualClock(START).now();

  async function woken(act: (wakeable: Wakeable, clock: ManualClock, stop: AbortController) => Promise<void> | void): Promise<number> {
    const clock = new ManualClock(START);
    const wakeable = new Wakeable();
    const stop = new AbortController();
    let at = -1;
    const slept = wakeable.sleepUntil(clock, addMs(start, MINUTE), stop.signal).then(() => {
      at = clock.now() - start;
    });
    await clock.advance(SECOND);
    await act(wakeable, clock, stop);
    await clock.advance(HOUR);
    await slept;
    return at;
  }

  test('sleeps to its time', async () => {
    expect(await woken(() => undefined)).toBe(MINUTE);
  });

  test('wakes early, and with the signal', async () => {
    expect(await woken(async (wakeable) => {
      wakeable.wake();
      await settle();
    })).toBe(SECOND);
    expect(await woken(async (_wakeable, _clock, stop) => {
      stop.abort();
      await settle();
    })).toBe(SECOND);
  });

  test('a wake that comes while nobody sleeps cuts the next sleep short, and only that', async () => {
    const clock = new ManualClock(START);
    const wakeable = new Wakeable();
    const { signal } = new AbortController();
    wakeable.wake();
    wakeable.wake();
    await wakeable.sleepUntil(clock, addMs(start, MINUTE), signal);
    expect(clock.now()).toBe(start);
    let awake = false;
    const second = wakeable.sleepUntil(clock, addMs(start, MINUTE), signal).then(() => {
      awake = true;
    });
    await clock.advance(MINUTE - 1);
    expect(awake).toBe(false);
    await clock.advance(1);
    await second;
  });

  test('a sleeper who ends leaves one who began later to be woken', async () => {
    const clock = new ManualClock(START);
    const wakeable = new Wakeable();
    const [first, second] = [new AbortController(), new AbortController()];
    const replaced = wakeable.sleepUntil(clock, addMs(start, MINUTE), first.signal);
    let wokenAt = -1;
    const later = wakeable.sleepUntil(clock, addMs(start, MINUTE), second.signal).then(() => {
      wokenAt = clock.now() - start;
    });
    first.abort();
    await replaced;
    await clock.advance(SECOND);
    wakeable.wake();
    await later;
    expect(wokenAt).toBe(SECOND);
  });
});
