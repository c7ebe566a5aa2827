import { describe, expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import { answerOf, at, errorOf, logIn, passwordLogin, scene, textAt, type Answer } from './cloud-client.ts';

const unauthorized = { error: { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' } };

describe('a token by password', () => {
  test('Keystone: 201, the token in a header, times with a Z, a catalog that leads back here', async () => {
    const { sim } = await scene({ flavour: 'cinder' });

    const answer = await logIn(sim);

    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-subject-token')).toHaveLength(183);
    expect(answer.headers.get('vary')).toBe('X-Auth-Token');
    expect(answer.headers.get('x-openstack-request-id')).toMatch(/^req-/);
    expect(answer.json).toMatchObject({
      token: {
        methods: ['password'],
        expires_at: '2026-11-25T02:00:00.000000Z',
        issued_at: '2026-11-24T02:00:00.000000Z',
        project: { id: sim.projectId, name: 'backup' },
        user: { name: 'backup-bot', domain: { name: 'demo' } },
        catalog: [
          { type: 'volumev3', endpoints: [{ interface: 'admin' }, { interface: 'internal' }, { interface: 'public', url: `${sim.url}/volume/v3/${sim.projectId}` }] },
          { type: 'block-storage' },
          { type: 'identity' },
        ],
      },
    });
  });

  test.each(['?nocatalog', '?nocatalog=true'])('%s leaves the catalog out', async (query) => {
    const { sim } = await scene();

    const answer = await answerOf(
      await fetch(`${sim.identityEndpoint}/auth/tokens${query}`, { method: 'POST', body: JSON.stringify(passwordLogin(sim)) }),
    );

    expect([answer.status, at(answer.json, 'token', 'catalog')]).toEqual([201, undefined]);
  });

  test('without scope: no project, and no use for storage', async () => {
    const { sim, client } = await scene({ flavour: 'cinder' });

    const answer = await logIn(sim, passwordLogin(sim, { scope: {} }));
    client.token = answer.headers.get('x-subject-token') ?? '';
    const list = await client.get('/snapshots');

    expect([answer.status, at(answer.json, 'token', 'project'), at(answer.json, 'token', 'roles')]).toEqual([201, undefined, undefined]);
    expect([list.status, list.json]).toEqual([400, { badRequest: { code: 400, message: 'Malformed request url' } }]);
  });

  test('by id of user and project', async () => {
    const { sim } = await scene({ flavour: 'cinder' });
    const userId = textAt((await logIn(sim)).json, 'token', 'user', 'id');

    const answer = await logIn(sim, passwordLogin(sim, { user: { id: userId, password: 'simulator' }, scope: { project: { id: sim.projectId } } }));

    expect([answer.status, at(answer.json, 'token', 'project', 'name')]).toEqual([201, 'backup']);
  });

  test('padded to the size asked for, and usable at that size', async () => {
    const { sim, client } = await scene({ tokenBytes: 9000 });

    expect(client.token).toHaveLength(9000);
    expect((await client.get('/snapshots')).status).toBe(200);
    expect(sim.ledger.count({ operation: 'list', status: 200 })).toBe(1);
  });

  test.each([
    ['wrong password', { password: 'x' }],
    ['unknown user', { user: { name: 'x', password: 'simulator', domain: { name: 'demo' } } }],
    ['unknown domain', { user: { name: 'backup-bot', password: 'simulator', domain: { name: 'x' } } }],
    ['no password', { user: { name: 'backup-bot', domain: { name: 'demo' } } }],
    ['unknown project', { scope: { project: { name: 'x', domain: { name: 'demo' } } } }],
    ['unknown project id', { scope: { project: { id: 'f'.repeat(32) } } }],
  ])('Keystone: %s is always the same 401', async (_what, changes) => {
    const { sim } = await scene({ flavour: 'cinder' });

    const answer = await logIn(sim, passwordLogin(sim, changes));

    expect([answer.status, answer.json]).toEqual([401, unauthorized]);
    expect(answer.headers.get('www-authenticate')).toBe(`Keystone uri="${sim.url}/v3"`);
  });

  test.each([
    ['malformed JSON', '{', 400, /^Expecting to find valid JSON in request body\. The server could not comply/],
    ['empty object', '{}', 400, /^Expecting to find auth in request body\./],
    ['no body', '', 400, /^Expecting to find auth in request body\./],
    ['user without domain', '{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"u","password":"p"}}}}}', 400, /^Expecting to find domain in user\./],
    ['unsupported method', '{"auth":{"identity":{"methods":["x"]}}}', 401, /^Attempted to authenticate with an unsupported method\.$/],
  ])('Keystone: %s', async (_what, body, status, message) => {
    const { sim } = await scene({ flavour: 'cinder' });

    const answer = await logIn(sim, body);

    expect([answer.status, errorOf(answer).message]).toEqual([status, expect.stringMatching(message)]);
  });

  test('IAM: wrong passwords have a code, too many lock the user for a while', async () => {
    const { sim, clock } = await scene();
    const wrong = passwordLogin(sim, { password: 'x' });

    const codes = [];
    for (const body of [wrong, wrong, wrong, wrong, passwordLogin(sim)]) codes.push(errorOf(await logIn(sim, body)).code);
    clock.forward(15 * 60 * 1000 - 1);
    const stillLocked = await logIn(sim);
    clock.forward(1);
    const free = await logIn(sim);

    expect(codes).toEqual(['IAM.0062', 'IAM.0062', 'IAM.0062', 'IAM.0061', 'IAM.0061']);
    expect([stillLocked.status, errorOf(stillLocked).code, free.status]).toEqual([401, 'IAM.0061', 201]);
  });

  test('IAM: a good login in between starts the count again; an unknown project is 404', async () => {
    const { sim } = await scene();
    const wrong = passwordLogin(sim, { password: 'x' });

    for (const body of [wrong, wrong, passwordLogin(sim), wrong, wrong]) await logIn(sim, body);
    const project = await logIn(sim, passwordLogin(sim, { scope: { project: { name: 'nope' } } }));

    expect([project.status, errorOf(project).code]).toEqual([404, 'IAM.0004']);
    expect((await logIn(sim)).status).toBe(201);
  });
});

describe('other ways to a token', () => {
  test('by token: ends when the first one ends', async () => {
    const { sim, clock, client } = await scene({ flavour: 'cinder', tokenLifeMs: 60_000 });
    clock.forward(30_000);

    const answer = await logIn(sim, { auth: { identity: { methods: ['token'], token: { id: client.token } }, scope: { project: { id: sim.projectId } } } });

    expect([answer.status, textAt(answer.json, 'token', 'expires_at')]).toEqual([201, '2026-11-24T02:01:00.000000Z']);
  });

  test('by agency: with the token of one who may', async () => {
    const { sim, client } = await scene({ agencies: [{ domain: 'acme', name: 'backup-agency' }] });
    const body = (name: string) => ({
      auth: {
        identity: { methods: ['assume_role'], assume_role: { domain_name: 'acme', agency_name: name } },
        scope: { project: { name: sim.credentials.projectName } },
      },
    });

    const good = await logIn(sim, body('backup-agency'), { 'X-Auth-Token': client.token });
    const other = await logIn(sim, body('x'), { 'X-Auth-Token': client.token });
    const nobody = await logIn(sim, body('backup-agency'));
    client.token = good.headers.get('x-subject-token') ?? '';

    expect([good.status, other.status, errorOf(other).code, nobody.status]).toEqual([201, 404, 'IAM.0004', 401]);
    expect((await client.get('/snapshots')).status).toBe(200);
  });
});

describe('a token that is asked about or given up', () => {
  async function ask(url: string, method: string, caller: string, subject: string): Promise<Answer> {
    return answerOf(await fetch(`${url}/v3/auth/tokens`, { method, headers: { 'X-Auth-Token': caller, 'X-Subject-Token': subject } }));
  }

  test('validate: 200 with the same body; a bad subject is 404, a bad caller 401', async () => {
    const { sim, client } = await scene({ flavour: 'cinder' });

    const good = await ask(sim.url, 'GET', client.token, client.token);

    expect([good.status, at(good.json, 'token', 'project', 'id')]).toEqual([200, sim.projectId]);
    expect((await ask(sim.url, 'GET', client.token, 'nope')).status).toBe(404);
    expect((await ask(sim.url, 'GET', 'nope', client.token)).status).toBe(401);
  });

  test('revoke: 204, then 401; Cinder goes on trusting a token it has seen for 300 seconds', async () => {
    const { sim, client, clock } = await scene({ flavour: 'cinder' });
    await client.get('/snapshots');

    const revoked = await ask(sim.url, 'DELETE', client.token, client.token);
    const again = await ask(sim.url, 'DELETE', client.token, client.token);
    clock.forward(299_999);
    const trusted = await client.get('/snapshots');
    clock.forward(1);
    const refused = await client.get('/snapshots');

    expect([revoked.status, again.status, trusted.status, refused.status]).toEqual([204, 401, 200, 401]);
  });

  test('revoked before its first use: 401 at once', async () => {
    const { sim, client } = await scene({ flavour: 'cinder' });

    await ask(sim.url, 'DELETE', client.token, client.token);

    expect((await client.get('/snapshots')).status).toBe(401);
  });
});

describe('storage with a token that is no good', () => {
  test.each([
    ['evs', 'APIGW.0301', /^Incorrect IAM authentication information: token expires, expires_at: 2026-11-24T02:00:01\.000000Z$/],
    ['cinder', 401, /requires authentication/],
  ] as const)('%s: expiry is exact, to the millisecond', async (flavour, code, message) => {
    const { client, clock } = await scene({ flavour, tokenLifeMs: 1000 });

    clock.forward(999);
    const good = await client.get('/snapshots');
    clock.forward(1);
    const expired = await client.get('/snapshots');

    expect([good.status, expired.status]).toEqual([200, 401]);
    expect(errorOf(expired).code).toBe(code);
    expect(errorOf(expired).message).toMatch(message);
  });

  test('all at once', async () => {
    const { client, sim } = await scene();

    sim.expireTokens();
    const refused = await client.get('/snapshots');
    client.token = (await logIn(sim)).headers.get('x-subject-token') ?? '';

    expect([refused.status, (await client.get('/snapshots')).status]).toEqual([401, 200]);
  });

  test.each([
    ['evs', 'nonsense', 'Incorrect IAM authentication information: decrypt token fail'],
    ['cinder', 'nonsense', 'The request you have made requires authentication.'],
    ['cinder', '', 'The request you have made requires authentication.'],
  ] as const)('%s with %j', async (flavour, token, message) => {
    const { client } = await scene({ flavour });
    client.token = token;

    const answer = await client.get('/snapshots');

    expect([answer.status, errorOf(answer).message]).toEqual([401, message]);
  });

  test('EVS without any', async () => {
    const { sim } = await scene();

    const answer = await answerOf(await fetch(`${sim.evsEndpoint}/v3/${sim.projectId}/snapshots`));

    expect([answer.status, errorOf(answer)]).toEqual([401, { code: 'APIGW.0301', message: 'Incorrect IAM authentication information: x-auth-token not found' }]);
  });

  test.each([
    ['evs', `/v3/${'f'.repeat(32)}/snapshots`, 400, 'Common.0018'],
    ['evs', '/v3/nonsense/snapshots', 400, 'EVS.0001'],
    ['evs', '/v3/nonsense/nothing', 404, 'APIGW.0101'],
    ['cinder', `/v3/${'f'.repeat(32)}/snapshots`, 400, 'badRequest'],
    ['cinder', '/v3/snapshots', 200, 'snapshots'],
  ] as const)('%s %s answers %i', async (flavour, path, status, code) => {
    const { client, sim } = await scene({ flavour });

    const answer = await client.get(sim.url + path);

    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
  });

  test('Cinder answers an HTML page where there is no project id', async () => {
    const { client, sim } = await scene({ flavour: 'cinder' });

    const answer = await client.get(`${sim.url}/v3/nonsense/snapshots`);

    expect([answer.status, answer.json]).toEqual([404, undefined]);
  });
});

describe('discovery', () => {
  test.each([
    ['/', 300, ['versions', 'values', 0, 'id'], 'v3.14'],
    ['/v3', 200, ['version', 'id'], 'v3.14'],
    ['/v3/', 200, ['version', 'id'], 'v3.14'],
    ['/volume/', 300, ['versions', 0, 'version'], '3.70'],
    ['/volume/v3/', 200, ['versions', 0, 'version'], '3.70'],
  ] as const)('%s', async (path, status, member, value) => {
    const { sim } = await scene({ flavour: 'cinder' });

    const answer = await answerOf(await fetch(sim.url + path));

    expect([answer.status, at(answer.json, ...member)]).toEqual([status, value]);
  });

  test('the address in the catalog works', async () => {
    const { sim, client, volumeId } = await scene({ flavour: 'cinder' });
    const url = textAt((await logIn(sim)).json, 'token', 'catalog', 0, 'endpoints', 2, 'url');

    const answer = await client.get(`${url}/volumes/${volumeId}`);

    expect(at(answer.json, 'volume', 'id')).toBe(volumeId);
  });

  test('a project id by its name', async () => {
    const { sim, client } = await scene();

    const found = await client.get(`${sim.identityEndpoint}/projects?name=eu-west-101`);
    const none = await client.get(`${sim.identityEndpoint}/projects?name=x`);

    expect([at(found.json, 'projects', 0, 'id'), at(none.json, 'projects')]).toEqual([sim.projectId, []]);
  });
});

test('a project id of another shape is refused at the start', async () => {
  await expect(startSimulator({ projectId: 'x' })).rejects.toThrow('projectId must be 32 hexadecimal digits');
});
