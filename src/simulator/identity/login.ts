import type { SimulatorClock } from '../state/clock.ts';
import type { SimulatorIdentity } from '../options.ts';
import { isObject, member, textMember } from '../http/json-value.ts';
import { iamRefusal, keystoneBadRequest, keystoneUnauthorized, unknownTarget } from './identity-refusals.ts';
import type { TokenStore } from './token-store.ts';

export interface Grant {
  readonly methods: readonly string[];
  /** Null without a scope. */
  readonly projectId: string | null;
  /** When it was made from another token, that one's end; epoch milliseconds. */
  readonly expiresAtMs?: number;
}

interface LoginParts {
  readonly identity: SimulatorIdentity;
  readonly clock: SimulatorClock;
  readonly tokens: TokenStore;
}

/** Decides who gets a token: by password, by another token, or by an agency. */
export class Login {
  readonly #parts: LoginParts;
  #failures = 0;
  #lockedUntilMs = 0;

  constructor(parts: LoginParts) {
    this.#parts = parts;
  }

  /**
   * @param body the parsed request
   * @param callerToken `X-Auth-Token`, which an agency needs
   */
  grant(body: unknown, callerToken: string | undefined, baseUrl: string): Grant {
    const auth = member(body, 'auth');
    if (!isObject(auth)) throw keystoneBadRequest('auth in request body');
    const identity = auth['identity'];
    const methods = member(identity, 'methods');
    if (!Array.isArray(methods) || methods.length === 0) throw keystoneBadRequest('identity.methods in auth');
    const method: unknown = methods[0];
    const expiry = this.#authenticate(method, identity, callerToken, baseUrl);
    const projectId = this.#scope(auth['scope'], baseUrl);
    const granted = { methods: methods.map(String), projectId };
    return expiry === undefined ? granted : { ...granted, expiresAtMs: expiry };
  }

  /** The end of the token it came from, if it came from one. Throws when the caller is not who it says. */
  #authenticate(method: unknown, identity: unknown, callerToken: string | undefined, baseUrl: string): number | undefined {
    switch (method) {
      case 'password':
        this.#checkPassword(member(identity, 'password', 'user'), baseUrl);
        return undefined;
      case 'token':
        return this.tokenOf(textMember(identity, 'token', 'id') ?? callerToken, baseUrl).expiresAtMs;
      case 'assume_role':
        if (this.#parts.identity.flavour === 'evs') {
          this.tokenOf(callerToken, baseUrl);
          this.checkAgency(member(identity, 'assume_role'));
          return undefined;
        }
        break;
    }
    throw keystoneUnauthorized(baseUrl, 'Attempted to authenticate with an unsupported method.', {
      identity: { methods: ['external', 'password', 'token', 'oauth1', 'mapped', 'application_credential'] },
    });
  }

  tokenOf(text: string | undefined, baseUrl: string): { readonly expiresAtMs: number } {
    const token = text === undefined ? undefined : this.#parts.tokens.find(text);
    if (token === undefined || !this.#parts.tokens.isGood(token)) throw keystoneUnauthorized(baseUrl);
    return token;
  }

  checkAgency(wanted: unknown): void {
    const { agencies, domain, domainId } = this.#parts.identity;
    // Some sister clouds spell it xrole_name (IAM API reference, agency token).
    const name = textMember(wanted, 'agency_name') ?? textMember(wanted, 'xrole_name');
    const account = textMember(wanted, 'domain_name') ?? (textMember(wanted, 'domain_id') === domainId ? domain : undefined);
    const found = agencies.some((agency) => agency.name === name && agency.domain === account);
    if (!found) throw iamRefusal(404, 'IAM.0004', `Could not find agency: ${name ?? ''}.`);
  }

  #checkPassword(user: unknown, baseUrl: string): void {
    const { identity, clock } = this.#parts;
    if (!isObject(user)) throw keystoneBadRequest('user in password');
    const id = textMember(user, 'id');
    if (id === undefined && !isObject(user['domain'])) throw keystoneBadRequest('domain in user');
    const nowMs = clock.now();
    if (nowMs < this.#lockedUntilMs) {
      throw iamRefusal(401, 'IAM.0061', 'The account is locked because of too many failed logins. Try again later.');
    }
    const userKnown = id === undefined ? textMember(user, 'name') === identity.user && this.isOurDomain(user['domain']) : id === identity.userId;
    if (userKnown && textMember(user, 'password') === identity.password) {
      this.#failures = 0;
      return;
    }
    this.#failures += 1;
    if (this.#failures >= identity.lockout.failures) {
      this.#failures = 0;
      this.#lockedUntilMs = nowMs + identity.lockout.lockMs;
    }
    if (identity.flavour === 'evs') throw iamRefusal(401, 'IAM.0062', 'The username or password is wrong.');
    throw keystoneUnauthorized(baseUrl);
  }

  isOurDomain(domain: unknown): boolean {
    const { identity } = this.#parts;
    const id = textMember(domain, 'id');
    return id === undefined ? textMember(domain, 'name') === identity.domain : id === identity.domainId;
  }

  #scope(scope: unknown, baseUrl: string): string | null {
    const { identity } = this.#parts;
    const project = member(scope, 'project');
    if (!isObject(project)) return null;
    const id = textMember(project, 'id');
    const name = textMember(project, 'name');
    const domain = project['domain'];
    if (id === undefined && identity.flavour === 'cinder' && !isObject(domain)) throw keystoneBadRequest('domain in project');
    const matches = id === undefined ? name === identity.projectName && (domain === undefined || this.isOurDomain(domain)) : id === identity.projectId;
    if (!matches) throw unknownTarget(identity.flavour, baseUrl, `Could not find project: ${id ?? name ?? ''}.`);
    return identity.projectId;
  }
}
