import type { Actions } from '#app/ports/actions';
import { createServer } from '#server/http-server';
import type { ServerParts } from '#server/http-server';
import { ended, withAttempt } from '#domain/run';
import type { RunFailure } from '#domain/run';
import { RecordingActions } from '../fakes/recording-actions.ts';
import { DUE, World } from '../fakes/world.ts';

export const TOKEN = 'canary-admin-token-71f0';

export const REFUSED: RunFailure = { kind: 'invalid', httpStatus: 400, code: 'EVS.5400', message: 'Volume status must be available', requestId: 'req-1' };

/** A server over fakes. */
export function scene({ world = new World(), ...parts }: { world?: World; actions?: Actions | null; adminToken?: string | null } & Partial<Omit<ServerParts, 'api' | 'adminToken'>> = {}) {
  const actions = parts.actions === undefined ? new RecordingActions() : parts.actions;
  const errors: string[] = [];
  const server = createServer({
    readiness: { redis: () => null },
    metrics: async () => ({ contentType: 'text/plain', text: Buffer.alloc(0) }),
    board: async () => null,
    onError: (method, route, error) => void errors.push(`${method} ${route}: ${error.message}`),
    version: '1.2.3',
    ...parts,
    api: { ledger: world.ledger, book: world.book, policies: world.policies, queues: async () => [{ target: 'eu-prod', waiting: 1, delayed: 2, active: 3 }], actions, now: () => world.clock.now() },
    adminToken: async () => (parts.adminToken === undefined ? TOKEN : parts.adminToken),
  });
  const post = (url: string, payload?: object, token: string | null = TOKEN) =>
    server.inject({ method: 'POST', url, ...(payload === undefined ? {} : { payload }), headers: token === null ? {} : { authorization: `Bearer ${token}` } });
  return { server, world, actions, errors, post };
}

/** One firing on vol-1 (available) and vol-2 (failed, with an attempt). */
export async function fired(world: World = new World({ volumes: ['vol-1', 'vol-2'] })): Promise<World> {
  const firing = await world.plan(DUE);
  for await (const page of world.ledger.runsOfFiring(firing.id)) {
    for (const { run, revision } of page) {
      const outcome = run.volumeId === 'vol-2' ? 'failed' : 'available';
      const tried = withAttempt(run, { at: DUE, result: outcome === 'failed' ? 'failed' : 'accepted', httpStatus: 400, code: 'EVS.5400', message: 'no', requestId: 'req-1' });
      await world.ledger.endRun(firing, { ...ended(tried, outcome, world.clock.now(), outcome === 'failed' ? REFUSED : null), outcome }, revision);
    }
  }
  return world;
}
