import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A TCP proxy that can go silent without closing anything, as a network partition or a frozen host does. */
export interface StallingProxy extends AsyncDisposable {
  readonly port: number;
  /** Forwards nothing more on the connections there are; `new`: those made from now on stay silent too. */
  stall(which: 'present' | 'new'): void;
  /** Connections made from now on work; the silent ones stay so. */
  heal(): void;
}

export async function startStallingProxy(toPort: number): Promise<StallingProxy> {
  const sockets = new Set<Socket>();
  let silent = false;
  const server = createServer((inner) => {
    const outer = connect(toPort, '127.0.0.1');
    for (const [from, to] of [[inner, outer], [outer, inner]] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
    if (silent) hush(inner, outer);
  });
  function hush(...some: readonly Socket[]): void {
    for (const socket of some) {
      socket.unpipe();
      socket.pause();
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stall(which) {
      silent = which === 'new';
      hush(...sockets);
    },
    heal() {
      silent = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
