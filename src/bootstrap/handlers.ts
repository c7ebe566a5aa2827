import type { Io } from '../cli/io.ts';
import type { Handlers } from '../cli/program.ts';
import { systemClock } from '../adapters/clock/system-clock.ts';

/**
 * What each command of the command line does, on real parts. Each loads only what it needs: `validate` should answer at
 * once, and the service need not hold the simulator in memory.
 */
export function handlersFor(io: Io): Handlers {
  return {
    serve: async (args) => (await import('./serve.ts')).serve(args, io),
    validate: async (args) => {
      const now = systemClock.now();
      if (!args.online) return (await import('../cli/validate.ts')).runValidate(args, { ...io, now });
      const { withCloudsOnly } = await import('./with-clouds.ts');
      return (await import('../cli/validate-online.ts')).runValidateOnline(args, { ...io, now }, withCloudsOnly);
    },
    schema: async () => (await import('../cli/schema.ts')).runSchema(io),
    plan: async (args) => {
      const { runPlan } = await import('../cli/plan.ts');
      const { withFiles, withGuest } = await import('./with-guest.ts');
      if (args.offline) return withFiles(args.config, io, (guest) => runPlan({ ...guest, clouds: null }, args, io));
      return withGuest(args, io, (guest) => runPlan(guest, args, io));
    },
    status: async (args) => {
      const { runStatus } = await import('../cli/status.ts');
      return (await import('./with-store.ts')).withStore(args, io, (store) => runStatus(store, args, io));
    },
    runs: async (args) => {
      const { runRuns } = await import('../cli/runs.ts');
      return (await import('./with-store.ts')).withStore(args, io, ({ ledger }) => runRuns(ledger, args, io, systemClock.now()));
    },
    runsShow: async (args) => {
      const { runShow } = await import('../cli/runs.ts');
      return (await import('./with-store.ts')).withStore(args, io, ({ ledger }) => runShow(ledger, args, io));
    },
    trigger: async (args) => {
      const { runTrigger } = await import('../cli/trigger.ts');
      return (await import('./with-store.ts')).withStore(args, io, (store) => runTrigger({ ...store, clock: systemClock }, args, io));
    },
    pause: async (args) => {
      const { runPause } = await import('../cli/pause.ts');
      return (await import('./with-store.ts')).withStore(args, io, (store) => runPause(store, args, io));
    },
    resume: async (args) => {
      const { runResume } = await import('../cli/pause.ts');
      return (await import('./with-store.ts')).withStore(args, io, (store) => runResume(store, args, io));
    },
    prune: async (args) => {
      const { runPrune } = await import('../cli/prune.ts');
      const { withClouds } = await import('./with-clouds.ts');
      return (await import('./with-store.ts')).withStore(args, io, (store) => withClouds(store, (clouds) => runPrune({ ...store, clouds, clock: systemClock, telemetry: { emit: () => undefined } }, args, io)));
    },
    restore: async (args) => {
      const { runRestore } = await import('../cli/restore.ts');
      const { abortOnSignal } = await import('./signals.ts');
      const { randomUUID } = await import('node:crypto');
      const { withGuest } = await import('./with-guest.ts');
      return withGuest(args, io, ({ policies, clouds }) => runRestore({ policies, clouds, clock: systemClock, restoreId: randomUUID(), signal: abortOnSignal() }, args, io));
    },
    simulator: async (args) => (await import('./simulator.ts')).simulator(args, io),
    completion: async ({ shell, program }) => (await import('../cli/completion.ts')).runCompletion(shell, program, io),
    demo: async (args) => (await import('./demo.ts')).demo(args, io),
  };
}
