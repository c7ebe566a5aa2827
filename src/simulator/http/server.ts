import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { answerAdmin } from '../admin/admin-api.ts';
import { applyFault, type Delivery, type Verdict } from '../faults/apply-fault.ts';
import type { FaultBook, FaultSubject } from '../faults/fault-book.ts';
import type { FaultRule } from '../faults/fault-rule.ts';
import { authenticate, checkProject, expired, type Guards } from '../identity/authorize.ts';
import type { IdentityService } from '../identity/identity-service.ts';
import { cinderUnauthorized } from '../identity/identity-refusals.ts';
import type { Token } from '../identity/token-store.ts';
import { versionReply } from '../identity/versions.ts';
import type { Operation } from '../operation.ts';
import type { Cloud } from '../state/cloud.ts';
import type { SeededRandom } from '../state/random.ts';
import type { Outcome } from './call.ts';
import { member, parseJsonBytes, textMember } from './json-value.ts';
import { maxMinorVersion, minorVersion } from './microversion.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { gatewayRefusal, noSuchPath, Refusal } from './refusal.ts';
import { refusalReply, type Reply } from './reply.ts';
import { headerText, readBody, type CloudRequest } from './request.ts';
import { deliver } from './deliver.ts';
import { findRoute, type RouteMatch } from './routes.ts';

export interface ServerParts extends Guards {
  readonly faults: FaultBook;
  readonly identity: IdentityService;
  readonly limiter: RateLimiter;
  /** For request ids only, so that they do not disturb the ids of snapshots. */
  readonly random: SeededRandom;
  /** Ends all real waiting. */
  readonly closing: AbortSignal;
}

interface Answered {
  readonly verdict: Verdict;
  readonly operation: Operation;
  readonly subject: FaultSubject & { readonly snapshotId?: string | undefined };
  readonly fault: FaultRule | undefined;
}

/** Longest bodies: 114688 bytes on Cinder (seen on 21.3.1), 12 MB at the API gateway (gateway error table). */
const maxBodyBytes = { cinder: 114_688, evs: 12 * 1024 * 1024 };

/** The HTTP face of the simulated cloud. */
export function cloudServer(parts: ServerParts): Server {
  let count = 0;
  const server = createServer({ maxHeaderSize: 64 * 1024, keepAlive: true }, (message, response) => {
    count += 1;
    handle(parts, count, message, response).catch((error: unknown) => {
      // Only a closed connection or a closing simulator get here.
      if (!response.headersSent && !response.destroyed) response.writeHead(500).end(String(error));
    });
  });
  server.keepAliveTimeout = 60_000;
  return server;
}

async function handle(parts: ServerParts, n: number, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const { cloud } = parts;
  const { flavour } = cloud.identity;
  const requestId = flavour === 'evs' ? parts.random.hex(32) : `req-${parts.random.uuid()}`;
  const { body, tooLong } = await readBody(message, maxBodyBytes[flavour]);
  const [fullPath, rawQuery] = splitUrl(message.url ?? '/');
  const request: CloudRequest = {
    n,
    at: cloud.now(),
    method: message.method ?? 'GET',
    rawPath: fullPath,
    rawQuery,
    query: new URLSearchParams(rawQuery),
    headers: message.headers,
    body,
    requestId,
  };
  if (fullPath.startsWith('/_sim/')) {
    deliver(response, await answerAdmin(parts, request), { kind: 'whole' }, parts.closing);
    return;
  }
  const baseUrl = `http://${message.headers.host ?? 'localhost'}`;
  const operation = operationOf(parts, request);
  cloud.ledger.noteStart(operation);
  try {
    const answered = await answer(parts, request, operation, baseUrl, tooLong);
    await pause(answered.verdict.waitMs + latencyOf(cloud, operation), parts.closing);
    record(parts, request, answered);
    const reply = { ...answered.verdict.outcome.reply };
    const headers = { ...standardHeaders(parts, request, operation, reply.stage), ...reply.headers };
    // Before the answer goes out: a client that asks one at a time must never seem to have two open.
    const staysOpen = answered.verdict.delivery.kind === 'never' && !response.destroyed;
    if (staysOpen) response.once('close', () => cloud.ledger.noteEnd(operation));
    else cloud.ledger.noteEnd(operation);
    deliver(response, { ...reply, headers }, answered.verdict.delivery, parts.closing);
  } catch (error) {
    cloud.ledger.noteEnd(operation);
    throw error;
  }
}

async function answer(
  parts: ServerParts,
  request: CloudRequest,
  operation: Operation,
  baseUrl: string,
  tooLong: boolean,
): Promise<Answered> {
  const { cloud } = parts;
  const { flavour } = cloud.identity;
  const path = pathWithoutPrefix(request.rawPath);
  const whole: Delivery = { kind: 'whole' };
  const match = findRoute(request.method, path, flavour);
  const subject = subjectOf(cloud, request, operation, match);
  let fault: FaultRule | undefined;

  const respond = (outcome: Outcome): Answered => ({ verdict: { outcome, delivery: whole, waitMs: 0 }, operation, subject, fault });
  try {
    if (tooLong) throw tooLarge(flavour);
    const versions = versionReply(request.method, request.rawPath, baseUrl, maxMinorVersion(flavour));
    if (versions !== undefined) return respond({ reply: versions });
    if (operation === 'auth') {
      fault = parts.faults.take(subject);
      const verdict = await applyFault(
        {
          cloud,
          requestId: request.requestId,
          sleep: (ms) => pause(ms, parts.closing),
          expireToken: () => cinderUnauthorized(baseUrl),
          prepare: () => ({
            commit() {
              const reply = parts.identity.answer(request, path, baseUrl);
              if (reply === undefined) throw noSuchPath(flavour);
              return { reply };
            },
          }),
        },
        fault?.effect,
      );
      return { verdict, operation, subject, fault };
    }
    if (flavour === 'evs' && match === undefined) throw noSuchPath(flavour);
    const limit = cloud.settings.rateLimit;
    const limited = limit === null ? undefined : parts.limiter.take(limit, flavour, request.method, cloud.now());
    if (limited !== undefined) throw limited;
    const token = authenticate(parts, request, baseUrl);
    if (match === undefined) throw noSuchPath(flavour);
    const minor = minorVersion(headerText(request, 'openstack-api-version'), flavour);
    checkProject(parts, token, match.projectId);
    fault = parts.faults.take(subject);
    const verdict = await applyFault(
      {
        cloud,
        requestId: request.requestId,
        sleep: (ms) => pause(ms, parts.closing),
        expireToken: () => expireToken(parts, token, baseUrl),
        prepare: (twists) => match.handler({ cloud, request, params: match.params, minor, baseUrl, twists }),
      },
      fault?.effect,
    );
    return { verdict, operation, subject, fault };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return respond({ reply: refusalReply(flavour, request.requestId, error.parts) });
  }
}

function expireToken(parts: ServerParts, token: Token | undefined, baseUrl: string): Refusal {
  if (token === undefined) {
    return gatewayRefusal(401, 'APIGW.0301', 'Incorrect IAM authentication information: security token expires');
  }
  token.expiresAtMs = Math.min(token.expiresAtMs, parts.cloud.clock.now());
  return parts.cloud.identity.flavour === 'evs' ? expired(token) : cinderUnauthorized(baseUrl);
}

function tooLarge(flavour: 'evs' | 'cinder'): Refusal {
  if (flavour === 'evs') return gatewayRefusal(413, 'APIGW.0201', 'Request entity too large');
  return new Refusal({
    shape: 'html',
    stage: 'pipeline',
    status: 413,
    code: 'Request Entity Too Large',
    message: `Request is too large. Larger than max_request_body_size (${maxBodyBytes.cinder}).`,
  });
}

function operationOf(parts: ServerParts, request: CloudRequest): Operation {
  const path = pathWithoutPrefix(request.rawPath);
  if (versionReply(request.method, request.rawPath, '', 0) !== undefined) return 'versions';
  if (path.startsWith('/v3/auth/') || path === '/v3/projects' || path.startsWith('/v3.0/OS-CREDENTIAL/')) return 'auth';
  return findRoute(request.method, path, parts.cloud.identity.flavour)?.operation ?? 'other';
}

/** What the request is about, before anything is checked. */
function subjectOf(cloud: Cloud, request: CloudRequest, operation: Operation, match: RouteMatch | undefined): Answered['subject'] {
  const id = match?.params['id'];
  const aboutVolume = operation.startsWith('volumes.') || operation === 'tags';
  const snapshotId = aboutVolume ? undefined : id;
  let volumeId = aboutVolume ? id : undefined;
  if (operation === 'create') volumeId = textMember(parseJsonBytes(request.body)?.value, 'snapshot', 'volume_id')?.toLowerCase();
  else if (snapshotId !== undefined) volumeId = cloud.snapshot(snapshotId)?.volumeId;
  else if (operation === 'list') volumeId = request.query.get('volume_id') ?? undefined;
  return { operation, volumeId, snapshotId, volumeName: volumeId === undefined ? undefined : cloud.volume(volumeId)?.name };
}

function record(parts: ServerParts, request: CloudRequest, answered: Answered): void {
  const { verdict, operation, subject, fault } = answered;
  const { reply } = verdict.outcome;
  const lost = verdict.delivery.kind === 'reset' || verdict.delivery.kind === 'never';
  const volumeId = verdict.outcome.volumeId ?? subject.volumeId;
  const snapshotId = verdict.outcome.snapshotId ?? subject.snapshotId;
  parts.cloud.ledger.recordRequest({
    n: request.n,
    at: request.at,
    operation,
    method: request.method,
    path: request.rawPath,
    query: request.rawQuery,
    status: lost ? 0 : reply.status,
    requestId: request.requestId,
    ...(lost || reply.code === undefined ? {} : { code: reply.code }),
    ...(volumeId === undefined ? {} : { volumeId }),
    ...(snapshotId === undefined ? {} : { snapshotId }),
    ...(operation === 'create' ? { body: keptBody(request.body) } : {}),
    ...(fault === undefined ? {} : { fault: fault.id ?? fault.effect.kind }),
  });
}

function keptBody(body: Buffer): unknown {
  const parsed = parseJsonBytes(body);
  return parsed === undefined ? body.toString('utf8') : (member({ value: parsed.value }, 'value') ?? null);
}

/** Headers that every answer has (EVS: recorded from the gateway; Cinder and Keystone: seen on Zed). */
function standardHeaders(parts: ServerParts, request: CloudRequest, operation: Operation, stage: Reply['stage']): Record<string, string> {
  const { requestId } = request;
  if (parts.cloud.identity.flavour === 'evs') return { Server: 'api-gateway', 'X-Request-Id': requestId };
  if (operation === 'auth') return { Vary: 'X-Auth-Token', 'x-openstack-request-id': requestId };
  const header = headerText(request, 'openstack-api-version') ?? '';
  const asked = header === 'volume latest' ? `3.${maxMinorVersion('cinder')}` : (/^volume (3\.\d+)$/.exec(header)?.[1] ?? '3.0');
  return {
    ...(stage === 'pipeline' || stage === 'empty' ? {} : { 'X-Compute-Request-Id': requestId }),
    'X-Openstack-Request-Id': requestId,
    ...(stage === 'pipeline' || stage === 'version' ? {} : { 'Openstack-Api-Version': `volume ${asked}`, Vary: 'OpenStack-API-Version' }),
  };
}

/** The catalog puts block storage under a prefix; both spellings lead to the same place. */
function pathWithoutPrefix(path: string): string {
  return path.startsWith('/volume/') ? path.slice('/volume'.length) : path;
}

function splitUrl(url: string): [string, string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function latencyOf(cloud: Cloud, operation: Operation): number {
  return cloud.settings.latencyMs[operation] ?? cloud.settings.latencyMs['*'] ?? 0;
}

async function pause(ms: number, closing: AbortSignal): Promise<void> {
  if (ms > 0) await wait(ms, undefined, { signal: closing });
}
