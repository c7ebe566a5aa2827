import { createServer, type Socket } from 'node:net';

/*
 * A process of its own that answers what `bench/client.ts` asks, from bytes made beforehand. On bare sockets: a server of
 * node:http takes longer for a request than the client under test does, and its time would hide the client's.
 */

const PAGES = 100;
const PAGE_SIZE = 1_000;
const DAY_MS = 86_400_000;

const created = answer(202, JSON.stringify({ snapshot: snapshot(0) }));
const token = answer(201, tokenBody(), `X-Subject-Token: gAAAA${'x'.repeat(178)}\r\n`);
const notFound = answer(404, JSON.stringify({ error: { code: 'EVS.5404', message: 'nothing here' } }));
const pages = new Map<string, Buffer>();
for (let page = 0; page < PAGES; page += 1) {
  const first = page * PAGE_SIZE;
  const snapshots = Array.from({ length: PAGE_SIZE }, (_, at) => snapshot(first + at));
  const isLast = page === PAGES - 1;
  const links = isLast ? {} : { snapshots_links: [{ rel: 'next', href: 'https://volume.internal:8776/v2/snapshots/detail' }] };
  pages.set(page === 0 ? '' : id(first - 1), answer(200, JSON.stringify({ snapshots, ...links })));
}
// What is behind the last one: a full page is never known to be the last.
pages.set(id(PAGES * PAGE_SIZE - 1), answer(200, JSON.stringify({ snapshots: [] })));

const server = createServer((socket) => serve(socket));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.send?.({ port: address.port });
});
process.on('disconnect', () => process.exit(0));

function serve(socket: Socket): void {
  let head = '';
  let bodyLeft = 0;
  let line = '';
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    let text = chunk.toString('latin1');
    while (text !== '') {
      if (bodyLeft > 0) {
        const taken = Math.min(bodyLeft, text.length);
        bodyLeft -= taken;
        text = text.slice(taken);
        if (bodyLeft === 0) socket.write(reply(line));
        continue;
      }
      head += text;
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      line = head.slice(0, head.indexOf('\r\n'));
      bodyLeft = Number(/\r\ncontent-length: (\d+)/i.exec(head.slice(0, end + 2))?.[1] ?? 0);
      text = head.slice(end + 4);
      head = '';
      if (bodyLeft === 0) socket.write(reply(line));
    }
  });
}

function reply(line: string): Buffer {
  if (line.startsWith('POST /v3/auth/tokens')) return token;
  if (line.startsWith('POST ')) return created;
  const marker = /[?&]marker=([\w-]+)/.exec(line)?.[1] ?? '';
  return pages.get(marker) ?? notFound;
}

function answer(status: number, body: string, headers = ''): Buffer {
  const words = { 200: 'OK', 201: 'Created', 202: 'Accepted', 404: 'Not Found' }[status] ?? '';
  const lines = `HTTP/1.1 ${status} ${words}\r\nServer: api-gateway\r\nX-Request-Id: 0f3b5c7d9e1f40d8a2b4c6d8e0f21436\r\nContent-Type: application/json\r\n${headers}`;
  return Buffer.from(`${lines}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function id(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
}

/** All fields of the detailed listing (EVS API reference, list snapshots), with the metadata that snapkeep writes. */
function snapshot(n: number): object {
  const due = new Date(Date.UTC(2026, 10, 24, 2) - Math.floor(n / 100) * 3_600_000).toISOString();
  return {
    id: id(n),
    status: 'available',
    name: `nightly-vol-${n % 100}-${due.slice(0, 19).replaceAll(/[-:]/g, '')}Z`,
    description: 'Made by snapkeep',
    volume_id: `5aa119a8-d25b-45a7-8d1b-${(n % 100).toString(16).padStart(12, '0')}`,
    size: 40,
    metadata: {
      team: 'payments',
      costcentre: '4711',
      snapkeep_instance: 'production',
      snapkeep_policy: 'nightly',
      snapkeep_due: `${due.slice(0, 19)}Z`,
      snapkeep_run: `r0123456789abcdef${n.toString(16).padStart(15, '0')}`,
    },
    created_at: `${due.slice(0, 19)}.053081`,
    updated_at: `${due.slice(0, 19)}.253081`,
    'os-extended-snapshot-attributes:project_id': '0970dd9c1a0026a62fddc0038c52b5eb',
    'os-extended-snapshot-attributes:progress': '100%',
  };
}

function tokenBody(): string {
  const [issued, expires] = [Date.now(), Date.now() + DAY_MS].map((at) => new Date(at).toISOString().replace('Z', '000Z'));
  return JSON.stringify({ token: { methods: ['password'], issued_at: issued, expires_at: expires, project: { id: 'p', name: 'backup' } } });
}
