import { z } from 'zod';
import type { SecretSource } from './secret-source.ts';
import { performCall, type CallAnswer, type CallContext } from '../http-client/perform-call.ts';
import { readJson } from '../http-client/read-json.ts';
import type { PasswordAuth, Target } from '#domain/target';
import { instant, type Instant } from '#domain/time';
import type { IssuedToken } from './token-cache.ts';

type Json = Readonly<Record<string, unknown>>;

const TokenBody = z.looseObject({ token: z.looseObject({ expires_at: z.string(), issued_at: z.string().nullish() }) });

/** Logs in with a password, and on into an agency of another account where the target names one. */
export function createPasswordLogin(target: Target, auth: PasswordAuth, context: CallContext, secrets: SecretSource): (signal: AbortSignal) => Promise<IssuedToken> {
  const url = tokenUrl(auth.identityEndpoint);

  return async (signal) => {
    const password = await secrets.read(auth.password);
    const user = { name: auth.username, password, domain: domainOf(auth.userDomain ?? auth.domain) };
    const identity = { methods: ['password'], password: { user } };
    if (auth.agency === null) return post({ identity, scope: projectScope(target, auth) }, {}, signal);
    // The project is the other account's, so the first token can only be for the user's own domain.
    const own = await post({ identity, scope: { domain: domainOf(auth.userDomain ?? auth.domain) } }, {}, signal);
    const role = { methods: ['assume_role'], assume_role: { domain_name: auth.agency.domain, agency_name: auth.agency.name } };
    return post({ identity: role, scope: projectScope(target, auth) }, { 'x-auth-token': own.token }, signal);
  };

  async function post(auth_: Json, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<IssuedToken> {
    const startedAt = context.clock.now();
    return performCall(
      context,
      { operation: 'login', method: 'POST', url, headers: { 'content-type': 'application/json;charset=utf8', ...headers }, body: JSON.stringify({ auth: auth_ }), signal },
      (answer) => {
        const issued = readToken(answer, startedAt);
        context.redactor.add(issued.token);
        return issued;
      },
    );
  }
}

function tokenUrl(identityEndpoint: string): string {
  const base = identityEndpoint.replace(/\/+$/, '');
  return `${base.endsWith('/v3') ? base : `${base}/v3`}/auth/tokens?nocatalog=true`;
}

function projectScope(target: Target, auth: PasswordAuth): Json {
  if (auth.projectName === null) return { project: { id: target.projectId } };
  // Huawei's IAM knows no domain inside a project's scope (IAM API reference, tokens); Keystone insists on one.
  const domain = auth.projectDomain ?? (target.api === 'cinder-v3' ? auth.domain ?? auth.userDomain : null);
  return { project: { name: auth.projectName, ...(domain === null && target.api === 'evs-v3' ? {} : { domain: domainOf(domain) }) } };
}

/** Keystone's built-in domain has the id `default`; its name may have been changed. */
function domainOf(name: string | null): Json {
  return name === null || name === 'default' ? { id: 'default' } : { name };
}

function readToken(answer: CallAnswer, startedAt: Instant): IssuedToken {
  const token = answer.headers['x-subject-token'];
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) throw new Error('no X-Subject-Token header');
  const body = readJson(TokenBody, answer).token;
  const expiresAt = readTime(body.expires_at);
  const issuedAt = typeof body.issued_at === 'string' ? readTime(body.issued_at) : null;
  if (expiresAt === null) throw new Error('expires_at is no time');
  // The life counts from when we asked: so a clock of ours that is off makes no token look longer or shorter lived.
  return { token, expiresAt: issuedAt === null ? expiresAt : instant(startedAt + Math.max(0, expiresAt - issuedAt)) };
}

/** Identity times have six decimals and a `Z` (seen on Keystone 22.0.2, Zed; IAM API reference, tokens). Without a zone they are UTC. */
function readTime(text: string): Instant | null {
  const match = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?(Z|z|[+-]\d{2}:?\d{2})?$/.exec(text.trim());
  if (match === null) return null;
  const ms = Date.parse(`${match[1]}T${match[2]}${(match[3] ?? '').slice(0, 4)}${match[4]?.toUpperCase() ?? 'Z'}`);
  return Number.isNaN(ms) ? null : instant(ms);
}
