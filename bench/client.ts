import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Pool } from 'undici';
import { unlimited } from '#app/ports/call-limiter';
import type { Cloud, CreateSnapshotRequest } from '#app/ports/cloud';
import type { Target } from '#domain/target';
import { durationMs } from '#domain/time';
import { systemClock } from '../src/adapters/clock/system-clock.ts';
import { createCloud } from '../src/adapters/evs/create-cloud.ts';
import { createHttpClient } from '../src/adapters/http-client/http-client.ts';
import { createRedactor } from '../src/adapters/http-client/redactor.ts';
import { createAuthenticator } from '../src/adapters/iam/create-authenticator.ts';
import { createSecretSource } from '../src/adapters/iam/secret-source.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';

const WARM_UP_ROUNDS = 5;
const CREATE_ROUNDS = 61;
const LIST_ROUNDS = 9;
/** In one turn: short ones, so that what else the machine does is about the same in all turns of a round. */
const CREATES = 1_000;
const CONCURRENCY = 20;
const CONNECTIONS = 28;
const PAGE_LIMIT = 1_000;
const SNAPSHOTS = 100_000;
const PROJECT = '0970dd9c1a0026a62fddc0038c52b5eb';
const KEEP_ALIVE_MS = 30_000;
const MAX_HEADER_BYTES = 65_536;

const create: CreateSnapshotRequest = {
  volumeId: '5aa119a8-d25b-45a7-8d1b-88e127885635',
  name: 'nightly-vol-0001-20261124T020000Z',
  description: 'Made by snapkeep',
  force: true,
  metadata: {
    team: 'payments',
    costcentre: '4711',
    snapkeep_instance: 'production',
    snapkeep_policy: 'nightly',
    snapkeep_due: '2026-11-24T02:00:00Z',
    snapkeep_run: 'r0123456789abcdef000000000000001',
  },
};

/** What the client costs: against undici alone, sending the same bytes to the same server over as many connections. */
export async function benchClient(): Promise<readonly Figure[]> {
  const server = fork(fileURLToPath(new URL('canned-server.ts', import.meta.url)), { execArgv: [] });
  try {
    const [{ port }] = (await once(server, 'message')) as [{ port: number }];
    const url = `http://127.0.0.1:${port}`;
    const cloud = clientOf(url);
    const bare = bareOf(url);
    try {
      return [...(await measureCreates(cloud, bare)), ...(await measureListing(cloud, bare))];
    } finally {
      await cloud.close();
      await bare.close();
    }
  } finally {
    server.disconnect();
  }
}

/** As `bootstrap/build-clouds.ts` puts it together, metrics observer included; only the limiter lets everything through. */
function clientOf(url: string): Cloud {
  const target: Target = {
    name: 'bench',
    api: 'evs-v3',
    endpoint: url,
    projectId: PROJECT,
    auth: { type: 'password', identityEndpoint: `${url}/v3`, username: 'bot', domain: 'acme', userDomain: null, projectDomain: null, projectName: null, password: { env: 'PASSWORD' }, agency: null },
    limits: { requestsPerSecond: null, concurrentCreates: CONCURRENCY, snapshotsPerVolume: 7 },
    caFile: null,
    timeout: durationMs(30_000),
  };
  const redactor = createRedactor();
  const http = createHttpClient({ version: '0.0.0', timeout: target.timeout, caFile: null, connections: CONNECTIONS });
  const context = { http, clock: systemClock, redactor, observer: { onCall: () => undefined } };
  const secrets = createSecretSource({ env: { PASSWORD: 'bench-password' }, onRead: (secret) => redactor.add(secret) });
  const auth = createAuthenticator(target, { context, secrets, random: Math.random });
  return createCloud(target, { context, auth, limiter: unlimited });
}

interface Bare {
  /** The answer as text. */
  create(): Promise<string>;
  /** One page: how many it had and the id of the last. */
  page(marker: string | null): Promise<{ count: number; last: string | null }>;
  close(): Promise<void>;
}

function bareOf(url: string): Bare {
  const pool = new Pool(url, { connections: CONNECTIONS, pipelining: 1, allowH2: false, keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS, headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: MAX_HEADER_BYTES });
  const headers = { 'content-type': 'application/json', accept: 'application/json', 'x-auth-token': `gAAAA${'x'.repeat(178)}`, 'user-agent': 'snapkeep/0.0.0', 'accept-encoding': 'identity' };
  const { volumeId, name, description, force, metadata } = create;
  const body = JSON.stringify({ snapshot: { volume_id: volumeId, name, description, force, metadata } });
  return {
    async create() {
      const answer = await pool.request({ method: 'POST', path: `/v3/${PROJECT}/snapshots`, headers, body });
      return answer.body.text();
    },
    async page(marker) {
      const behind = marker === null ? '' : `&marker=${marker}`;
      const answer = await pool.request({ method: 'GET', path: `/v3/${PROJECT}/snapshots/detail?limit=${PAGE_LIMIT}${behind}`, headers });
      const { snapshots } = (await answer.body.json()) as { snapshots: { id: string }[] };
      return { count: snapshots.length, last: snapshots.at(-1)?.id ?? null };
    },
    close: () => pool.close(),
  };
}

/** `parsed` is the fair one: who does not read the answer does not know the snapshot's id. */
type CreateLoop = 'client' | 'parsed' | 'unread';

async function measureCreates(cloud: Cloud, bare: Bare): Promise<readonly Figure[]> {
  const loops: Readonly<Record<CreateLoop, (signal: AbortSignal) => Promise<unknown>>> = {
    client: (signal) => cloud.createSnapshot(create, { signal, priority: 'create' }),
    parsed: async () => JSON.parse(await bare.create()) as unknown,
    unread: () => bare.create(),
  };
  const names: readonly CreateLoop[] = ['client', 'parsed', 'unread'];
  for (let round = 0; round < WARM_UP_ROUNDS; round += 1) for (const name of names) await createMany(loops[name]);

  const rounds: Readonly<Record<CreateLoop, Cost>>[] = [];
  for (let round = 0; round < CREATE_ROUNDS; round += 1) {
    const costs: Partial<Record<CreateLoop, Cost>> = {};
    for (let turn = 0; turn < names.length; turn += 1) {
      // Each goes first as often as the others: what else the machine does falls on all alike.
      const name = names[(round + turn) % names.length] ?? 'client';
      costs[name] = await createMany(loops[name]);
    }
    rounds.push(costs as Record<CreateLoop, Cost>);
  }
  const rates = rounds.map(({ client }) => (CREATES * 1_000) / client.wallMs);
  const against = (name: CreateLoop, of: keyof Cost): number[] => rounds.map((costs) => costs[name][of] / costs.client[of]);
  const [wall, cpu, unreadCpu] = [against('parsed', 'wallMs'), against('parsed', 'cpuMs'), against('unread', 'cpuMs')];
  return [
    { name: 'creates through the client', value: median(rates), unit: '/s', target: null, ok: true, samples: rates },
    { name: 'creates, client against undici', value: median(wall), unit: 'x', target: '>= 0.85', ok: median(wall) >= 0.85, samples: wall },
    { name: 'creates, by CPU time', value: median(cpu), unit: 'x', target: null, ok: true, samples: cpu },
    { name: 'creates, against answers left unread, by CPU time', value: median(unreadCpu), unit: 'x', target: null, ok: true, samples: unreadCpu },
  ];
}

interface Cost {
  readonly wallMs: number;
  readonly cpuMs: number;
}

async function createMany(run: (signal: AbortSignal) => Promise<unknown>): Promise<Cost> {
  let left = CREATES;
  return measure(async () => {
    const workers = Array.from({ length: CONCURRENCY }, async () => {
      // A signal for each of the calls under way, as each run of the service has its own.
      const { signal } = new AbortController();
      while (left > 0) {
        left -= 1;
        await run(signal);
      }
    });
    await Promise.all(workers);
  });
}

async function measure(run: () => Promise<unknown>): Promise<Cost> {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - startedAt, cpuMs: (user + system) / 1_000 };
}

async function measureListing(cloud: Cloud, bare: Bare): Promise<readonly Figure[]> {
  const list = { client: () => listWithClient(cloud), bare: () => listBare(bare) };
  const costs: Record<'client' | 'bare', Cost[]> = { client: [], bare: [] };
  for (let round = -1; round < LIST_ROUNDS; round += 1) {
    for (const name of round % 2 === 0 ? (['client', 'bare'] as const) : (['bare', 'client'] as const)) {
      collectGarbage();
      let count = 0;
      const cost = await measure(async () => {
        count = await list[name]();
      });
      if (count !== SNAPSHOTS) throw new Error(`${name} listed ${count} snapshots instead of ${SNAPSHOTS}`);
      // The first round warms up.
      if (round >= 0) costs[name].push(cost);
    }
  }
  const against = (of: keyof Cost): number[] => costs.client.map((cost, round) => cost[of] / (costs.bare[round]?.[of] ?? Number.NaN));
  const [seconds, wall, cpu] = [costs.client.map(({ wallMs }) => wallMs / 1_000), against('wallMs'), against('cpuMs')];
  const { live, all } = await heapGrowth(cloud);
  return [
    { name: 'listing 100,000 snapshots', value: median(seconds), unit: 's', target: null, ok: true, samples: seconds },
    { name: 'listing, client against undici', value: median(wall), unit: 'x', target: '<= 1.25', ok: median(wall) <= 1.25, samples: wall },
    { name: 'listing, by CPU time', value: median(cpu), unit: 'x', target: null, ok: true, samples: cpu },
    { name: 'listing, heap in use at its highest', value: Math.max(...live), unit: 'MB more', target: null, ok: true, samples: live },
    { name: 'listing, heap with garbage', value: Math.max(...all), unit: 'MB more', target: null, ok: true, samples: all },
  ];
}

async function listWithClient(cloud: Cloud, onPage: () => void = () => undefined): Promise<number> {
  let count = 0;
  for await (const page of cloud.snapshotPages({})) {
    count += page.length;
    onPage();
  }
  return count;
}

async function listBare(bare: Bare): Promise<number> {
  let total = 0;
  let marker: string | null = null;
  for (;;) {
    const { count, last } = await bare.page(marker);
    if (count === 0) return total;
    total += count;
    marker = last;
  }
}

/** Over the heap before the listing, MB, at each tenth page: what is still in use, and what there is before it is collected. */
async function heapGrowth(cloud: Cloud): Promise<{ live: number[]; all: number[] }> {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const live: number[] = [];
  const all: number[] = [];
  const growth = (): number => (process.memoryUsage().heapUsed - before) / 1_048_576;
  let pages = 0;
  await listWithClient(cloud, () => {
    pages += 1;
    all.push(growth());
    if (pages % 10 !== 0) return;
    collectGarbage();
    live.push(growth());
  });
  return { live, all };
}

let collect: (() => void) | null = null;

function collectGarbage(): void {
  if (collect === null) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
}
