import type { Cloud } from '../state/cloud.ts';
import { zonedTimestamp } from '../state/clock.ts';
import { isObject, member, parseJsonBytes, textMember } from '../http/json-value.ts';
import { jsonReply, type Reply } from '../http/reply.ts';
import { headerText, type CloudRequest } from '../http/request.ts';
import { iamRefusal, keystoneBadRequest, keystoneNotFound } from './identity-refusals.ts';
import { Login } from './login.ts';
import type { SignatureCheck } from './signature-check.ts';
import { catalogJson, tokenJson } from './token-json.ts';
import type { Token, TokenStore } from './token-store.ts';

/** Life of temporary keys in seconds: default and bounds (IAM API reference, temporary access keys). */
const temporaryKeySeconds = { initial: 900, min: 900, max: 86_400 };

/** Keystone on one flavour, IAM on the other. */
export class IdentityService {
  readonly #cloud: Cloud;
  readonly #tokens: TokenStore;
  readonly #signatures: SignatureCheck;
  readonly #login: Login;

  constructor(cloud: Cloud, tokens: TokenStore, signatures: SignatureCheck) {
    this.#cloud = cloud;
    this.#tokens = tokens;
    this.#signatures = signatures;
    this.#login = new Login({ identity: cloud.identity, clock: cloud.clock, tokens });
  }

  /** Undefined when the path is none of the identity service's. */
  answer(request: CloudRequest, path: string, baseUrl: string): Reply | undefined {
    switch (`${request.method} ${path}`) {
      case 'POST /v3/auth/tokens':
        return this.#issue(request, baseUrl);
      case 'GET /v3/auth/tokens':
      case 'HEAD /v3/auth/tokens':
        return this.#validate(request, baseUrl);
      case 'DELETE /v3/auth/tokens':
        return this.#revoke(request, baseUrl);
      case 'GET /v3/auth/catalog':
        this.#caller(request, baseUrl);
        return jsonReply(200, { catalog: catalogJson(this.#cloud.identity, baseUrl) });
      case 'GET /v3/projects':
      case 'GET /v3/auth/projects':
        return this.#projects(request, baseUrl);
      case 'POST /v3.0/OS-CREDENTIAL/securitytokens':
        return this.#cloud.identity.flavour === 'evs' ? this.#temporaryKeys(request, baseUrl) : undefined;
      default:
        return undefined;
    }
  }

  #issue(request: CloudRequest, baseUrl: string): Reply {
    const grant = this.#login.grant(this.#body(request), headerText(request, 'x-auth-token'), baseUrl);
    const token = this.#tokens.issue(grant.methods, grant.projectId, grant.expiresAtMs);
    const withCatalog = !request.query.has('nocatalog');
    const body = tokenJson(this.#cloud.identity, token, baseUrl, withCatalog);
    return jsonReply(201, body, { 'X-Subject-Token': token.text, Vary: 'X-Auth-Token' });
  }

  #validate(request: CloudRequest, baseUrl: string): Reply {
    const token = this.#subject(request, baseUrl);
    const body = tokenJson(this.#cloud.identity, token, baseUrl, !request.query.has('nocatalog'));
    return jsonReply(200, body, { 'X-Subject-Token': token.text, Vary: 'X-Auth-Token' });
  }

  #revoke(request: CloudRequest, baseUrl: string): Reply {
    this.#subject(request, baseUrl).revoked = true;
    return { status: 204, headers: { Vary: 'X-Auth-Token' }, body: '' };
  }

  /** The token asked about; the one that asks must be good as well. */
  #subject(request: CloudRequest, baseUrl: string): Token {
    this.#caller(request, baseUrl);
    const text = headerText(request, 'x-subject-token') ?? '';
    const token = this.#tokens.find(text);
    if (token === undefined || !this.#tokens.isGood(token)) throw keystoneNotFound(`Could not find token: ${text.slice(0, 8)}.`);
    return token;
  }

  #caller(request: CloudRequest, baseUrl: string): void {
    this.#login.tokenOf(headerText(request, 'x-auth-token'), baseUrl);
  }

  /** Finds a project id by name; signed or with a token (IAM API reference, projects). */
  #projects(request: CloudRequest, baseUrl: string): Reply {
    const { identity } = this.#cloud;
    if (identity.flavour === 'evs' && headerText(request, 'authorization') !== undefined) {
      const refusal = this.#signatures.refusal(request);
      if (refusal !== undefined) throw refusal;
    } else {
      this.#caller(request, baseUrl);
    }
    const name = request.query.get('name');
    const project = {
      id: identity.projectId,
      name: identity.projectName,
      domain_id: identity.domainId,
      parent_id: identity.domainId,
      enabled: true,
      is_domain: false,
      description: '',
      links: { self: `${baseUrl}/v3/projects/${identity.projectId}` },
    };
    const projects = name === null || name === project.name ? [project] : [];
    return jsonReply(200, { projects, links: { self: `${baseUrl}/v3/projects`, next: null, previous: null } });
  }

  #temporaryKeys(request: CloudRequest, baseUrl: string): Reply {
    const { random, clock } = this.#cloud;
    const identity = member(this.#body(request), 'auth', 'identity');
    const methods = member(identity, 'methods');
    const method: unknown = Array.isArray(methods) ? methods[0] : undefined;
    if (method !== 'token' && method !== 'assume_role') throw keystoneBadRequest('identity.methods in auth');
    this.#login.tokenOf(headerText(request, 'x-auth-token') ?? textMember(identity, 'token', 'id'), baseUrl);
    if (method === 'assume_role') this.#login.checkAgency(member(identity, 'assume_role'));
    const seconds = member(identity, method, 'duration_seconds') ?? temporaryKeySeconds.initial;
    if (typeof seconds !== 'number' || seconds < temporaryKeySeconds.min || seconds > temporaryKeySeconds.max) {
      throw iamRefusal(400, 'IAM.0011', 'Invalid duration_seconds: it must be between 900 and 86400.');
    }
    const expiresAtMs = clock.now() + seconds * 1000;
    const key = {
      accessKey: `HST${random.hex(17).toUpperCase()}`,
      secretKey: random.hex(40),
      securityToken: `gQpjbi1ub3J0aC0x${random.hex(64)}`,
    };
    this.#signatures.addKey(key, expiresAtMs);
    const credential = {
      access: key.accessKey,
      secret: key.secretKey,
      securitytoken: key.securityToken,
      expires_at: zonedTimestamp(expiresAtMs),
    };
    return jsonReply(201, { credential });
  }

  #body(request: CloudRequest): unknown {
    if (request.body.length === 0) throw keystoneBadRequest('auth in request body');
    const parsed = parseJsonBytes(request.body);
    if (parsed === undefined) throw keystoneBadRequest('valid JSON in request body');
    if (!isObject(parsed.value)) throw keystoneBadRequest('auth in request body');
    return parsed.value;
  }
}
