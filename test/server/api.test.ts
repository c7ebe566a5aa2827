import { describe, expect, test } from 'vitest';
import { ActionRefused } from '#app/ports/actions';
import { CloudFailure } from '#domain/failure/failure';
import { SECOND, durationMs } from '#domain/time';
import { RecordingActions } from '../fakes/recording-actions.ts';
import { DUE, World, policyOf } from '../fakes/world.ts';
import { fired, scene, TOKEN } from './scene.ts';

describe('reading', () => {
  test('runs are filtered as the command filters them', async () => {
    const { server } = scene({ world: await fired() });
    const idsOf = async (query: string): Promise<string[]> => (await server.inject(`/api/v1/runs?${query}`)).json().runs.map(({ volumeId }: { volumeId: string }) => volumeId).toSorted();
    expect(await idsOf('')).toEqual(['vol-1', 'vol-2']);
    expect(await idsOf('policy=nightly&outcome=failed')).toEqual(['vol-2']);
    expect(await idsOf('volume=vol-1')).toEqual(['vol-1']);
    expect(await idsOf('policy=nobody')).toEqual([]);
    expect(await idsOf('since=2026-11-24T02:00:01Z')).toEqual([]);
    const first = (await server.inject('/api/v1/runs?limit=1')).json();
    const second = (await server.inject(`/api/v1/runs?limit=1&after=${encodeURIComponent(first.next)}`)).json();
    expect(new Set([...first.runs, ...second.runs].map(({ volumeId }) => volumeId))).toEqual(new Set(['vol-1', 'vol-2']));
  });

  test.each([
    ['/api/v1/runs?polcy=nightly', 'unknown query key "polcy"; there are: policy, volume, outcome, since, limit, after'],
    ['/api/v1/status?policy=x', 'unknown query key "policy"; there are none'],
    ['/api/v1/runs?limit=1001', 'query limit: at most 1000'],
    ['/api/v1/runs?limit=ten', 'query limit: a whole number from 1 to 1000'],
    ['/api/v1/runs?outcome=lost', 'query outcome: one of pending, available, failed, skipped, abandoned'],
    ['/api/v1/runs?since=yesterday', 'query since: a duration back from now (24h) or an instant (2026-11-24T02:00:00Z)'],
    ['/api/v1/runs?after=nowhere', 'query after: not the `next` of an earlier answer'],
    ['/api/v1/policies/nightly/grid?firings=31', 'query firings: at most 30'],
    ['/api/v1/policies/nightly/grid?after=-1', 'query after: a whole number from 0 to 999999999'],
    ['/api/v1/plan?horizon=7', 'query horizon: a duration such as 7d, at most 366d'],
    ['/api/v1/plan?from=soon', 'query from: a duration back from now (24h) or an instant (2026-11-24T02:00:00Z)'],
  ])('%s is refused', async (url, message) => {
    const answer = await scene().server.inject(url);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toEqual({ error: { code: 'bad_request', message } });
  });

  test.each(['/api/v1/status/nobody', '/api/v1/policies/nobody/grid', '/api/v1/plan?policy=nobody'])('%s: there is no such policy', async (url) => {
    const answer = await scene().server.inject(url);
    expect([answer.statusCode, answer.json()]).toEqual([404, { error: { code: 'not_found', message: 'no policy is called nobody' } }]);
  });

  test('what is not there is told as JSON', async () => {
    const answer = await scene().server.inject('/api/v1/nothing');
    expect([answer.statusCode, answer.json().error.code]).toEqual([404, 'not_found']);
  });

  test('the plan is asked for as the query says', async () => {
    const { server, actions } = scene();
    await server.inject('/api/v1/plan?from=2026-11-24T02:00:00Z&horizon=30s&policy=nightly');
    expect((actions as RecordingActions).asked).toEqual([['plan', { from: DUE, horizon: durationMs(30 * SECOND), policy: 'nightly' }]]);
    expect((await scene({ actions: null }).server.inject('/api/v1/plan')).statusCode).toBe(501);
  });

  test('an answer that the asker has is not sent again, until it is another', async () => {
    const world = new World();
    const one = await scene({ world }).server.inject('/api/v1/overview');
    const headers = { 'if-none-match': String(one.headers['etag']) };
    const again = await scene({ world }).server.inject({ url: '/api/v1/overview', headers });
    expect([again.statusCode, again.body]).toEqual([304, '']);
    await fired(world);
    const { statusCode } = await scene({ world }).server.inject({ url: '/api/v1/overview', headers });
    expect(statusCode).toBe(200);
  });

  test('many who ask the same at the same time are one question', async () => {
    const world = await fired();
    let questions = 0;
    const ask = world.ledger.firings.bind(world.ledger);
    world.ledger.firings = async (...args) => {
      questions += 1;
      return ask(...args);
    };
    const { server } = scene({ world });
    const all = await Promise.all(Array.from({ length: 20 }, () => server.inject('/api/v1/overview')));
    expect(new Set(all.map(({ body }) => body)).size).toBe(1);
    expect(questions).toBe(1);
  });

  test('where the store does not answer, that is told and nothing else', async () => {
    const world = new World();
    world.ledger.now = () => Promise.reject(new Error('connect ECONNREFUSED redis://user:canary@host'));
    const away = scene({ world, readiness: { redis: () => 'no answer' } });
    const answer = await away.server.inject('/api/v1/status');
    expect([answer.statusCode, answer.json()]).toEqual([503, { error: { code: 'store_unavailable', message: 'Redis does not answer' } }]);
    expect(away.errors).toEqual([]);

    const broken = scene({ world });
    const failed = await broken.server.inject('/api/v1/status');
    expect([failed.statusCode, failed.json().error.code]).toEqual([500, 'internal']);
    expect(failed.body).not.toContain('canary');
    expect(broken.errors).toEqual(['GET /api/v1/status: connect ECONNREFUSED redis://user:canary@host']);
  });

  test('a paused policy of the file or by command is paused, with no next due time', async () => {
    const world = new World({ policies: [policyOf('one', { paused: true }), policyOf('two'), policyOf('three')] });
    await world.ledger.startPolicy('two', { watermark: DUE, scheduleKey: 'k' });
    await world.ledger.pause('two', DUE);
    const { policies } = (await scene({ world }).server.inject('/api/v1/overview')).json();
    expect(policies.map(({ policy, paused, nextDue }: { policy: string; paused: boolean; nextDue: string | null }) => [policy, paused, nextDue])).toEqual([
      ['one', true, null], ['two', true, null], ['three', false, '2026-11-25T02:00:00Z'],
    ]);
  });
});

describe('changing', () => {
  test('is handed on as the body says', async () => {
    const { post, actions } = scene();
    const at = '/api/v1/policies/nightly';
    const answers = [await post(`${at}/trigger`), await post(`${at}/trigger`, { volumes: ['a'] }), await post(`${at}/pause`), await post(`${at}/resume`, { catchUp: true }), await post(`${at}/resume`, {}), await post(`${at}/prune`, { confirm: true })];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200, 200, 200]);
    expect((actions as RecordingActions).asked).toEqual([
      ['trigger', 'nightly', { volumes: null }],
      ['trigger', 'nightly', { volumes: ['a'] }],
      ['pause', 'nightly'],
      ['resume', 'nightly', { catchUp: true }],
      ['resume', 'nightly', { catchUp: false }],
      ['prune', 'nightly', { dryRun: false, confirm: true }],
    ]);
    expect(answers[0]?.json()).toEqual({ policy: 'nightly', due: '2026-11-24T02:00:00Z', firingId: '0123456789abcdef' });
    expect(answers[3]?.json()).toEqual({ policy: 'nightly', paused: false, caughtUp: '2026-11-24T02:00:00Z' });
  });

  test.each([
    ['trigger', { volume: 'a' }, 'unknown body key "volume"; there are: volumes'],
    ['pause', { for: '1h' }, 'unknown body key "for"; there are none'],
    ['prune', { dryRun: 1 }, /^body dryRun: /],
    ['trigger', { volumes: [] }, /^body volumes: /],
  ])('%s %o is refused', async (action, body, message) => {
    const { post, actions } = scene();
    const answer = await post(`/api/v1/policies/nightly/${action}`, body);
    expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'bad_request']);
    expect(answer.json().error.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
    expect((actions as RecordingActions).asked).toEqual([]);
  });

  test('a body that is no JSON, too large or of another type', async () => {
    const { server } = scene();
    const send = async (payload: string, type = 'application/json') =>
      server.inject({ method: 'POST', url: '/api/v1/policies/nightly/prune', payload, headers: { authorization: `Bearer ${TOKEN}`, 'content-type': type } });
    expect((await send('{')).json().error.code).toBe('bad_request');
    expect((await send(`"${'x'.repeat(600_000)}"`)).json().error.code).toBe('too_large');
    expect((await send('dryRun=true', 'application/x-www-form-urlencoded')).json().error.code).toBe('unsupported_media_type');
    expect((await send('dryRun', 'text/plain')).json().error.code).toBe('unsupported_media_type');
  });

  test('what cannot be done, and what the cloud refuses, is told in its own words', async () => {
    const actions = new RecordingActions();
    const { post } = scene({ actions });
    actions.failure = new ActionRefused('the policy file says paused: true');
    expect((await post('/api/v1/policies/nightly/resume')).json()).toEqual({ error: { code: 'refused', message: 'the policy file says paused: true' } });
    actions.failure = new CloudFailure({ kind: 'auth', httpStatus: 403, code: 'EVS.0001', message: 'no right', requestId: null, retryAfterMs: null, outcomeUnknown: false });
    const answer = await post('/api/v1/policies/nightly/prune');
    expect([answer.statusCode, answer.json()]).toEqual([502, { error: { code: 'cloud_failed', message: 'EVS.0001: no right' } }]);
  });

  test('a policy that is not there, and a service that cannot act', async () => {
    expect((await scene().post('/api/v1/policies/nobody/pause')).statusCode).toBe(404);
    expect((await scene({ actions: null }).post('/api/v1/policies/nightly/pause')).json()).toEqual({ error: { code: 'not_implemented', message: 'this service cannot do that' } });
  });
});
