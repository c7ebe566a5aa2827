import { monitorEventLoopDelay } from 'node:perf_hooks';

/*
 * Loaded into a service before its own code (`--import`): watches its event loop, and tells the bench that started it. A
 * message `reset` begins anew, any other is answered with what was seen since. The values are times between two turns of a
 * timer of 1 ms: with nothing to do they are a little over 1.
 */

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on('message', (message) => {
  if (message === 'reset') delay.reset();
  else process.send?.({ p99Ms: delay.percentile(99) / 1e6, maxMs: delay.max / 1e6 });
});
process.channel?.unref();
