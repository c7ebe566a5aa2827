import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { Delivery } from '../faults/apply-fault.ts';
import type { Reply } from './reply.ts';

const slowPieces = 8;

/** Puts an answer on the wire, whole or as broken as the delivery asks. */
export function deliver(response: ServerResponse, reply: Reply, delivery: Delivery, closing: AbortSignal): void {
  if (response.destroyed) return;
  const body = Buffer.from(reply.body);
  switch (delivery.kind) {
    case 'whole':
      response.writeHead(reply.status, withLength(reply, body)).end(body);
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'never':
      return;
    case 'truncated':
      response.writeHead(reply.status, withLength(reply, body));
      response.write(body.subarray(0, Math.ceil(body.length / 2)), () => response.socket?.destroy());
      return;
    case 'slow':
      response.writeHead(reply.status, withLength(reply, body));
      sendSlowly(response, body, delivery.delayMs, closing).catch(() => response.destroy());
  }
}

function withLength(reply: Reply, body: Buffer): Record<string, string> {
  return reply.status === 204 ? { ...reply.headers } : { ...reply.headers, 'Content-Length': String(body.length) };
}

async function sendSlowly(response: ServerResponse, body: Buffer, delayMs: number, closing: AbortSignal): Promise<void> {
  const size = Math.max(1, Math.ceil(body.length / slowPieces));
  for (let at = 0; at < body.length; at += size) {
    await wait(delayMs, undefined, { signal: closing });
    response.write(body.subarray(at, at + size));
  }
  response.end();
}
