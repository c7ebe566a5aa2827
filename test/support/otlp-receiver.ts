import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly events: readonly string[];
  /** 2 is an error (opentelemetry-proto, Status). */
  readonly status: { readonly code: number; readonly message: string };
  /** Of the process that sent it. */
  readonly resource: Readonly<Record<string, string | number>>;
}

/** Takes spans as a collector does: OTLP over HTTP, as protobuf. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** All bodies, byte for byte. */
  readonly raw: () => string;
  readonly headers: readonly Readonly<Record<string, string | string[] | undefined>>[];
}

/** `refuse`: answers this status instead of taking them. */
export async function startOtlpReceiver(options: { refuse?: number } = {}): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const bodies: Buffer[] = [];
  const headers: OtlpReceiver['headers'][number][] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      bodies.push(body);
      headers.push(request.headers);
      if (request.url === '/v1/traces' && options.refuse === undefined) spans.push(...spansIn(body));
      response.writeHead(options.refuse ?? 200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    raw: () => Buffer.concat(bodies).toString('latin1'),
    headers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Field number to its values, in order: a number, or the bytes of what is nested. Enough of protobuf to read spans. */
function fieldsOf(bytes: Buffer): Map<number, (bigint | Buffer)[]> {
  const fields = new Map<number, (bigint | Buffer)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => bytes.subarray(at, (at += length));
  while (at < bytes.length) {
    const tag = Number(varint());
    const wire = tag & 7;
    const value = wire === 0 ? varint() : wire === 1 ? take(8).readBigUInt64LE() : wire === 5 ? BigInt(take(4).readUInt32LE()) : take(Number(varint()));
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), value]);
  }
  return fields;
}

function nested(fields: Map<number, (bigint | Buffer)[]>, number: number): Buffer[] {
  return (fields.get(number) ?? []).filter((value) => typeof value !== 'bigint');
}

function first(fields: Map<number, (bigint | Buffer)[]>, number: number): Buffer {
  return nested(fields, number)[0] ?? Buffer.alloc(0);
}

function integer(fields: Map<number, (bigint | Buffer)[]>, number: number): number {
  const value = fields.get(number)?.[0];
  return typeof value === 'bigint' ? Number(value) : 0;
}

function attributesIn(fields: Map<number, (bigint | Buffer)[]>, number: number): Record<string, string | number> {
  return Object.fromEntries(
    nested(fields, number).map((bytes) => {
      const pair = fieldsOf(bytes);
      const value = fieldsOf(first(pair, 2));
      return [first(pair, 1).toString(), value.has(1) ? first(value, 1).toString() : integer(value, 3)];
    }),
  );
}

function spansIn(body: Buffer): ReceivedSpan[] {
  return nested(fieldsOf(body), 1).flatMap((bytes) => {
    const ofProcess = fieldsOf(bytes);
    const resource = attributesIn(fieldsOf(first(ofProcess, 1)), 1);
    return nested(ofProcess, 2).flatMap((scope) => nested(fieldsOf(scope), 2)).map((span): ReceivedSpan => {
      const fields = fieldsOf(span);
      const status = fieldsOf(first(fields, 15));
      return {
        traceId: first(fields, 1).toString('hex'),
        spanId: first(fields, 2).toString('hex'),
        parentSpanId: first(fields, 4).toString('hex'),
        name: first(fields, 5).toString(),
        startMs: integer(fields, 7) / 1e6,
        endMs: integer(fields, 8) / 1e6,
        attributes: attributesIn(fields, 9),
        events: nested(fields, 11).map((event) => first(fieldsOf(event), 2).toString()),
        status: { code: integer(status, 3), message: first(status, 2).toString() },
        resource,
      };
    });
  });
}
