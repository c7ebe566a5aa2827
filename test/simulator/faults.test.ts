import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { FaultEffect, FaultRule } from '../../src/simulator/start-simulator.ts';
import { at, errorOf, logIn, passwordLogin, scene, textAt, type Answer, type Scene } from './cloud-client.ts';

const fast = { creation: { minMs: 0, maxMs: 0 }, deletion: { minMs: 0, maxMs: 0 } } as const;

function onCreate(effect: FaultEffect, more: Partial<FaultRule> = {}): FaultRule {
  return { operation: 'create', effect, ...more };
}

async function createWith(effect: FaultEffect, flavour: 'evs' | 'cinder' = 'evs'): Promise<Scene & { answer: Answer | 'lost' }> {
  const here = await scene({ ...fast, flavour, faults: [onCreate(effect)] });
  const answer = await here.client.create({ volume_id: here.volumeId, metadata: { run: 'r1' } }).catch(() => 'lost' as const);
  return { ...here, answer };
}

describe('effects on a create', () => {
  test('respond: this answer, nothing done', async () => {
    const { answer, sim } = await createWith({ kind: 'respond', status: 418, body: { short: true }, headers: { 'X-Pot': 'tea' } });

    expect(answer).toMatchObject({ status: 418, json: { short: true } });
    expect(answer === 'lost' ? undefined : answer.headers.get('x-pot')).toBe('tea');
    expect(sim.snapshots()).toEqual([]);
  });

  test.each([
    ['EVS.5400', 400],
    ['EVS.5413', 413],
    ['EVS.5500', 500],
    ['APIGW.0308', 429],
    ['APIGW.0203', 504],
    ['IAM.0012', 429],
  ])('code %s', async (code, status) => {
    const { answer, sim } = await createWith({ kind: 'code', code });

    if (answer === 'lost') throw new Error('no answer');
    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
    expect(sim.snapshots()).toEqual([]);
  });

  test('code with another text, status and further headers', async () => {
    const { answer } = await createWith({ kind: 'code', code: 'APIGW.0308', status: 503, message: 'later', headers: { 'Retry-After': '7' } });

    if (answer === 'lost') throw new Error('no answer');
    expect([answer.status, errorOf(answer).message, answer.headers.get('retry-after')]).toEqual([503, 'later', '7']);
    expect(at(answer.json, 'request_id')).toBe(answer.headers.get('x-request-id'));
  });

  test.each([
    ['evs', 'application/json'],
    ['cinder', 'text/html'],
  ] as const)('commit-then-504 on %s: the ledger knows better than the client', async (flavour, type) => {
    const { answer, sim, volumeId } = await createWith({ kind: 'commit-then-504' }, flavour);

    if (answer === 'lost') throw new Error('no answer');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([504, expect.stringContaining(type)]);
    expect(sim.ledger.creates()).toMatchObject([{ status: 504, fault: 'commit-then-504', volumeId }]);
    expect(sim.ledger.committedCreates()).toMatchObject([{ volumeId, metadata: { run: 'r1' }, requestN: sim.ledger.creates()[0]?.n }]);
    expect(sim.snapshots()).toHaveLength(1);
  });

  test('commit-then-504 of what is refused anyway commits nothing', async () => {
    const { sim, client } = await scene({ ...fast, faults: [onCreate({ kind: 'commit-then-504' })] });

    const answer = await client.create({ volume_id: '11111111-1111-4111-8111-111111111111' });

    expect([answer.status, sim.snapshots()]).toEqual([504, []]);
  });

  test('commit after a while: not there at first, there later, made at that time', async () => {
    const { answer, sim, clock } = await createWith({ kind: 'commit-then-504', commitAfterMs: 30_000 });

    clock.forward(29_999);
    const early = sim.snapshots();
    clock.forward(1);

    expect(answer).toMatchObject({ status: 504 });
    expect(early).toEqual([]);
    expect(sim.snapshots()).toMatchObject([{ createdAt: Date.parse('2026-11-24T02:00:30Z'), metadata: { run: 'r1' } }]);
  });

  test('a late commit on a volume that went meanwhile does nothing', async () => {
    const { sim, clock, volumeId } = await createWith({ kind: 'commit-then-504', commitAfterMs: 1000 });

    sim.removeVolume(volumeId);
    clock.forward(1000);

    expect(sim.snapshots()).toEqual([]);
  });

  test.each([
    [{ kind: 'commit-then-reset' }, 1],
    [{ kind: 'reset-before' }, 0],
  ] as const)('%j: no answer, %i snapshots', async (effect, count) => {
    const { answer, sim } = await createWith(effect);

    expect(answer).toBe('lost');
    expect(sim.snapshots()).toHaveLength(count);
    expect(sim.ledger.creates()).toMatchObject([{ status: 0, fault: effect.kind }]);
  });

  test.each([
    [{ kind: 'hang' }, 0],
    [{ kind: 'hang', commit: true }, 1],
  ] as const)('%j: no answer until the simulator closes, which it does at once', async (effect, count) => {
    const { sim, client, volumeId } = await scene({ ...fast, faults: [onCreate(effect)] });
    let settled = false;
    const pending = client
      .create({ volume_id: volumeId })
      .catch(() => 'lost')
      .finally(() => (settled = true));
    // Another request on another connection comes through; the hanging one has been recorded by then.
    while (sim.ledger.creates().length === 0) await client.get('/snapshots');

    const before = settled;
    await sim.close();

    expect([before, await pending, sim.snapshots().length]).toEqual([false, 'lost', count]);
  });

  test.each([
    ['before', 1],
    ['after', 0],
  ] as const)('delay with the commit %s the wait: %i snapshots during it', async (commit, count) => {
    const { sim, client, volumeId } = await scene({ ...fast, faults: [onCreate({ kind: 'delay', delayMs: 600_000, commit })] });
    const pending = client.create({ volume_id: volumeId }).catch(() => 'lost');
    while (sim.ledger.peakInFlight('create') === 0) await client.get('/snapshots');
    // The create was read in whole before it counted as open; a round trip later it has got to its wait.
    await client.get('/snapshots');

    const during = sim.snapshots().length;
    await sim.close();

    expect([during, await pending]).toEqual([count, 'lost']);
  });

  test.each(['before', 'after'] as const)('delay with the commit %s the wait: answered in the end', async (commit) => {
    const { answer, sim } = await createWith({ kind: 'delay', delayMs: 1, commit });

    expect(answer).toMatchObject({ status: 202 });
    expect(sim.snapshots()).toHaveLength(1);
  });

  test('snapshot-error: 202, then error, which counts until it is deleted', async () => {
    const { answer, sim, client } = await createWith({ kind: 'snapshot-error' }, 'cinder');

    if (answer === 'lost') throw new Error('no answer');
    const id = textAt(answer.json, 'snapshot', 'id');
    expect([answer.status, textAt(answer.json, 'snapshot', 'status'), await client.statusOf(id)]).toEqual([202, 'creating', 'error']);
    const messages = await client.get(`/messages?resource_uuid=${id}`, { 'OpenStack-API-Version': 'volume 3.3' });
    expect(messages.json).toMatchObject({ messages: [{ event_id: 'VOLUME_VOLUME_SNAPSHOT_009_013', resource_uuid: id }] });
    expect((await client.send('DELETE', `/snapshots/${id}`)).status).toBe(202);
    expect(sim.snapshots()).toEqual([]);
  });

  test('snapshot-stuck: creating for ever', async () => {
    const { answer, client, clock } = await createWith({ kind: 'snapshot-stuck' });
    clock.forward(23 * 3600 * 1000);

    if (answer === 'lost') throw new Error('no answer');
    expect(await client.statusOf(textAt(answer.json, 'snapshot', 'id'))).toBe('creating');
  });

  test('html-502', async () => {
    const { answer, sim } = await createWith({ kind: 'html-502' });

    expect(answer).toMatchObject({ status: 502, json: undefined });
    expect(answer === 'lost' ? '' : answer.text).toContain('<title>502 Bad Gateway</title>');
    expect(sim.snapshots()).toEqual([]);
  });

  test('malformed-json: done, right status, JSON by its header only', async () => {
    const { answer, sim } = await createWith({ kind: 'malformed-json' });

    if (answer === 'lost') throw new Error('no answer');
    expect([answer.status, answer.json, answer.headers.get('content-type')]).toEqual([202, undefined, 'application/json']);
    expect(sim.snapshots()).toHaveLength(1);
  });

  test('truncated-body: done, the connection breaks', async () => {
    const { answer, sim } = await createWith({ kind: 'truncated-body' });

    expect([answer, sim.snapshots().length]).toEqual(['lost', 1]);
  });

  test('slow-body: the head at once, the body whole in the end', async () => {
    const { sim, client, volumeId } = await scene({ ...fast, faults: [onCreate({ kind: 'slow-body', delayMs: 20 })] });

    const response = await fetch(`${sim.evsEndpoint}/v3/${sim.projectId}/snapshots`, {
      method: 'POST',
      headers: { 'X-Auth-Token': client.token, 'Content-Type': 'application/json' },
      body: JSON.stringify({ snapshot: { volume_id: volumeId } }),
    });
    let pieces = 0;
    let text = '';
    for await (const chunk of response.body ?? []) {
      pieces += 1;
      text += Buffer.from(chunk).toString();
    }

    expect(pieces).toBeGreaterThan(1);
    expect(JSON.parse(text)).toMatchObject({ snapshot: { volume_id: volumeId } });
  });

  test.each([
    ['evs', 'APIGW.0301'],
    ['cinder', 401],
  ] as const)('token-expired on %s: this token is of no more use, a new one is', async (flavour, code) => {
    const { sim, client, volumeId } = await scene({ ...fast, flavour, faults: [onCreate({ kind: 'token-expired' }, { times: 1 })] });

    const first = await client.create({ volume_id: volumeId });
    const second = await client.create({ volume_id: volumeId });
    client.token = (await logIn(sim)).headers.get('x-subject-token') ?? '';
    const third = await client.create({ volume_id: volumeId });

    expect([first.status, second.status, third.status]).toEqual([401, 401, 202]);
    expect(errorOf(first).code).toBe(code);
  });
});

describe('effects on a delete', () => {
  test.each([
    ['delete-error', 'error_deleting'],
    ['delete-bounces', 'available'],
  ] as const)('%s: 202, then %s', async (kind, status) => {
    const { client, sim, clock, volumeId } = await scene({
      creation: { minMs: 0, maxMs: 0 },
      deletion: { minMs: 1000, maxMs: 1000 },
      faults: [{ operation: 'delete', effect: { kind } }],
    });
    const id = await client.createdId(volumeId);

    const answer = await client.send('DELETE', `/snapshots/${id}`);
    const during = await client.statusOf(id);
    clock.forward(1000);

    expect([answer.status, during, await client.statusOf(id)]).toEqual([202, 'deleting', status]);
    expect(sim.ledger.deletes()).toEqual([]);
  });
});

describe('effects elsewhere', () => {
  test.each(['list', 'show', 'volumes.list', 'volumes.show', 'quota', 'metadata', 'delete', 'tags'] as const)('%s', async (operation) => {
    const { client, sim, volumeId } = await scene({ ...fast, faults: [{ operation, effect: { kind: 'code', code: 'EVS.5503' } }] });
    const { id } = sim.putSnapshot({ volume: volumeId });
    const paths = {
      list: '/snapshots/detail',
      show: `/snapshots/${id}`,
      'volumes.list': '/volumes/detail',
      'volumes.show': `/volumes/${volumeId}`,
      quota: '/limits',
      metadata: `/snapshots/${id}/metadata`,
      delete: `/snapshots/${id}`,
      tags: `${sim.url}/v2/${sim.projectId}/cloudvolumes/${volumeId}/tags`,
    };

    const answer = await client.send(operation === 'delete' ? 'DELETE' : 'GET', paths[operation]);
    const untouched = await client.get(operation === 'volumes.list' ? '/snapshots' : '/volumes');

    expect([answer.status, errorOf(answer).code, untouched.status]).toEqual([503, 'EVS.5503', 200]);
  });

  test('auth: a login that is carried out and lost', async () => {
    const { sim } = await scene();
    sim.faults.add({ operation: 'auth', effect: { kind: 'code', code: 'IAM.0012' }, times: 1 });

    const first = await logIn(sim);
    const second = await logIn(sim);

    expect([first.status, errorOf(first).code, second.status]).toEqual([429, 'IAM.0012', 201]);
  });
});

describe('when a rule applies', () => {
  const refuse: FaultEffect = { kind: 'respond', status: 500 };

  async function statuses(rule: Partial<FaultRule>, calls: number, volumes?: readonly number[]): Promise<number[]> {
    const { client, sim } = await scene({ ...fast, snapshotsPerVolume: null, seed: 3, faults: [onCreate(refuse, rule)] });
    const ids = sim.volumes().map((volume) => volume.id);
    const answers: number[] = [];
    for (let call = 0; call < calls; call += 1) {
      const volume = volumes?.[call] ?? 0;
      answers.push((await client.create({ volume_id: ids[volume] })).status);
    }
    return answers;
  }

  test.each([
    ['nth 2', { nth: 2 }, [202, 500, 202, 202]],
    ['nth 2 to 3', { nth: [2, 3] }, [202, 500, 500, 202]],
    ['every 2nd', { everyNth: 2 }, [202, 500, 202, 500]],
    ['every 2nd from the first', { everyNth: 2, startAt: 1 }, [500, 202, 500, 202]],
    ['at most twice', { times: 2 }, [500, 500, 202, 202]],
    ['never by chance', { probability: 0 }, [202, 202, 202, 202]],
    ['always by chance', { probability: 1 }, [500, 500, 500, 500]],
  ] as const)('%s', async (_what, rule, expected) => {
    expect(await statuses(rule, 4)).toEqual(expected);
  });

  test('by the name of the volume, with globs or a list', async () => {
    expect(await statuses({ volume: 'vol-0002' }, 3, [0, 1, 2])).toEqual([202, 500, 202]);
    expect(await statuses({ volume: '*-000?' }, 2, [0, 1])).toEqual([500, 500]);
    expect(await statuses({ volume: ['vol-0001', '*3'] }, 3, [0, 1, 2])).toEqual([500, 202, 500]);
  });

  test('counted for each volume by itself', async () => {
    expect(await statuses({ perVolume: true, nth: 1 }, 4, [0, 1, 0, 1])).toEqual([500, 500, 202, 202]);
  });

  test('by chance: the same seed gives the same answers, some of each', async () => {
    const one = await statuses({ probability: 0.5 }, 30);

    expect(await statuses({ probability: 0.5 }, 30)).toEqual(one);
    expect(new Set(one)).toEqual(new Set([202, 500]));
  });

  test('the first rule that is due wins; the others count the call all the same', async () => {
    const { client, sim, volumeId } = await scene({ ...fast });
    sim.faults.add(onCreate({ kind: 'respond', status: 501 }, { id: 'a', nth: 1 }));
    sim.faults.add(onCreate({ kind: 'respond', status: 502 }, { id: 'b', nth: 2 }));

    const answers = [await client.create({ volume_id: volumeId }), await client.create({ volume_id: volumeId })];

    expect(answers.map((answer) => answer.status)).toEqual([501, 502]);
    expect(sim.faults.list()).toMatchObject([{ matched: 2, applied: 1 }, { matched: 2, applied: 1 }]);
    expect(sim.ledger.creates().map((request) => request.fault)).toEqual(['a', 'b']);
  });

  test('clear and remove', async () => {
    const { client, sim, volumeId } = await scene({ ...fast, faults: [onCreate(refuse, { id: 'x' })] });

    const removed = [sim.faults.remove('x'), sim.faults.remove('x')];
    const answer = await client.create({ volume_id: volumeId });
    sim.faults.add(onCreate(refuse));
    sim.faults.clear();

    expect([removed, answer.status, sim.faults.list()]).toEqual([[1, 0], 202, []]);
  });
});

test('closing ends waiting answers at once', async () => {
  const { sim, client, volumeId } = await scene({ faults: [onCreate({ kind: 'delay', delayMs: 600_000 })], latencyMs: { list: 600_000 } });
  const pending = Promise.allSettled([client.create({ volume_id: volumeId }), client.get('/snapshots')]);
  while (sim.ledger.peakInFlight('create') + sim.ledger.peakInFlight('list') < 2) await wait(1);

  await sim.close();

  expect((await pending).map((result) => result.status)).toEqual(['rejected', 'rejected']);
});

test('a login body that is used twice gives two tokens', async () => {
  const { sim } = await scene();
  const body = passwordLogin(sim);

  const tokens = [await logIn(sim, body), await logIn(sim, body)].map((answer) => answer.headers.get('x-subject-token'));

  expect(new Set(tokens).size).toBe(2);
});
