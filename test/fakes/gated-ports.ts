import type { CallOptions } from '#app/ports/cloud';
import type { World, WorldDeps } from './world.ts';

export type Gate = (point: string) => Promise<void>;

/** The process was killed here. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** The ports of a world with a gate before and after every call: whoever owns the gate decides whether the caller goes on. */
export function gatedDeps(world: World, gate: Gate): WorldDeps {
  const cloud = gated(world.cloud, 'cloud', gate);
  return world.deps({ ledger: gated(world.ledger, 'ledger', gate), book: gated(world.book, 'book', gate), queue: gated(world.queue, 'queue', gate), clouds: { of: () => cloud } });
}

/** Lets `limit` gates pass, kills the process at the next one and lets nothing of it happen afterwards. */
export class CrashAt {
  #passed = 0;
  readonly points: string[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  readonly gate: Gate = async (point) => {
    if (this.#passed >= this.#limit) throw new Crash(point);
    this.#passed += 1;
    this.points.push(point);
  };
}

/** Runs the work; true where it was killed on its way. */
export async function crashes(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

type Method = (...args: readonly unknown[]) => unknown;

function gated<T extends object>(port: T, name: string, gate: Gate): T {
  return new Proxy(port, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function' || typeof property === 'symbol') return value;
      const method = value.bind(target) as Method;
      const point = `${name}.${property}`;
      return (...args: readonly unknown[]) => {
        if (property === 'of') return target;
        if (property.endsWith('Pages') || property === 'runsOfFiring') return gatedPages(() => method(...args) as AsyncIterable<unknown>, point, gate);
        return gatedCall(async () => method(...args.map((arg) => gatedSend(arg, point, gate))), point, gate);
      };
    },
  });
}

/** A call that does something of its own before it is sent: a gate lies between that and the sending. */
function gatedSend(arg: unknown, point: string, gate: Gate): unknown {
  if (typeof arg !== 'object' || arg === null || !('beforeSend' in arg)) return arg;
  const { beforeSend, ...rest } = arg as CallOptions;
  return {
    ...rest,
    beforeSend: async () => {
      await beforeSend?.();
      await gate(`sending ${point}`);
    },
  };
}

async function gatedCall(call: () => Promise<unknown>, point: string, gate: Gate): Promise<unknown> {
  await gate(`before ${point}`);
  try {
    return await call();
  } finally {
    await gate(`after ${point}`);
  }
}

async function* gatedPages(pages: () => AsyncIterable<unknown>, point: string, gate: Gate): AsyncGenerator {
  await gate(`before ${point}`);
  for await (const page of pages()) {
    await gate(`after ${point}`);
    yield page;
  }
}
