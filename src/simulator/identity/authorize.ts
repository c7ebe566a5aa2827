import type { Cloud } from '../state/cloud.ts';
import { badRequest, gatewayRefusal, type Refusal } from '../http/refusal.ts';
import { headerText, type CloudRequest } from '../http/request.ts';
import { cinderUnauthorized } from './identity-refusals.ts';
import { zonedTimestamp } from '../state/clock.ts';
import type { SignatureCheck } from './signature-check.ts';
import type { Token, TokenStore } from './token-store.ts';

export interface Guards {
  readonly cloud: Cloud;
  readonly tokens: TokenStore;
  readonly signatures: SignatureCheck;
}

/** Lets a storage request pass, or throws as the gateway (EVS) or the token filter (Cinder) does. */
export function authenticate(guards: Guards, request: CloudRequest, baseUrl: string): Token | undefined {
  return guards.cloud.identity.flavour === 'evs' ? throughGateway(guards, request) : throughKeystone(guards, request, baseUrl);
}

/** The project in the URL must be the token's. @param pathProject undefined when the URL names none */
export function checkProject(guards: Guards, token: Token | undefined, pathProject: string | undefined): void {
  const { identity } = guards.cloud;
  const granted = token === undefined ? identity.projectId : token.projectId;
  if (identity.flavour === 'cinder') {
    // Neither 401 nor 403 (seen on Cinder 21.3.1).
    if (granted === null || (pathProject !== undefined && pathProject !== granted)) throw badRequest('Malformed request url');
    return;
  }
  if (pathProject === undefined || !/^[0-9a-f]{32}$/.test(pathProject)) throw badRequest('invalid tenant id!', 'EVS.0001');
  if (pathProject !== granted) {
    throw badRequest('The project id in the URL does not match that of the token.', 'Common.0018');
  }
}

function throughGateway({ tokens, signatures }: Guards, request: CloudRequest): Token | undefined {
  const text = headerText(request, 'x-auth-token');
  if (text === undefined && headerText(request, 'authorization') !== undefined) {
    const refusal = signatures.refusal(request);
    if (refusal !== undefined) throw refusal;
    return undefined;
  }
  if (text === undefined) throw incorrect('x-auth-token not found');
  const token = tokens.find(text);
  if (token === undefined) throw incorrect('decrypt token fail');
  if (!tokens.isTrusted(token)) throw expired(token);
  return token;
}

/** The gateway's answer to a token past its time. */
export function expired(token: Token): Refusal {
  return incorrect(`token expires, expires_at: ${zonedTimestamp(token.expiresAtMs)}`);
}

function incorrect(why: string): Refusal {
  return gatewayRefusal(401, 'APIGW.0301', `Incorrect IAM authentication information: ${why}`);
}

function throughKeystone({ tokens }: Guards, request: CloudRequest, baseUrl: string): Token {
  const token = tokens.find(headerText(request, 'x-auth-token') ?? '');
  if (token === undefined || !tokens.isTrusted(token)) throw cinderUnauthorized(baseUrl);
  return token;
}
