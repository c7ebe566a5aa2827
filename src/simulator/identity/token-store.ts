import type { SimulatorIdentity } from '../options.ts';
import type { SimulatorClock } from '../state/clock.ts';
import type { SeededRandom } from '../state/random.ts';

export interface Token {
  readonly text: string;
  readonly methods: readonly string[];
  /** Null for a token without scope. */
  readonly projectId: string | null;
  readonly issuedAtMs: number;
  expiresAtMs: number;
  revoked: boolean;
  /** When the storage service last asked about it; null if never. Epoch milliseconds. */
  seenAtMs: number | null;
}

/** All tokens ever given out. */
export class TokenStore {
  readonly #identity: SimulatorIdentity;
  readonly #clock: SimulatorClock;
  readonly #random: SeededRandom;
  readonly #tokens = new Map<string, Token>();

  constructor(identity: SimulatorIdentity, clock: SimulatorClock, random: SeededRandom) {
    this.#identity = identity;
    this.#clock = clock;
    this.#random = random;
  }

  /** @param expiresAtMs of the token it was made from; a fresh life when absent */
  issue(methods: readonly string[], projectId: string | null, expiresAtMs?: number): Token {
    const nowMs = this.#clock.now();
    // Keystone cuts the time of issue to the second, so up to a second of life is lost (seen on Keystone 22.0.2).
    const issuedAtMs = this.#identity.flavour === 'cinder' ? Math.floor(nowMs / 1000) * 1000 : nowMs;
    const token: Token = {
      text: this.#text(),
      methods,
      projectId,
      issuedAtMs,
      expiresAtMs: expiresAtMs ?? issuedAtMs + this.#identity.tokenLifeMs,
      revoked: false,
      seenAtMs: null,
    };
    this.#tokens.set(token.text, token);
    return token;
  }

  find(text: string): Token | undefined {
    return this.#tokens.get(text);
  }

  /** Good for the identity service itself, which knows of a revocation at once. */
  isGood(token: Token): boolean {
    return !token.revoked && this.#clock.now() < token.expiresAtMs;
  }

  /** Good for the storage service, which may have asked some time ago and trusts that (seen on Cinder 21.3.1). */
  isTrusted(token: Token): boolean {
    const nowMs = this.#clock.now();
    if (nowMs >= token.expiresAtMs) return false;
    if (token.seenAtMs !== null && nowMs - token.seenAtMs < this.#identity.tokenCacheMs) return true;
    if (token.revoked) return false;
    token.seenAtMs = nowMs;
    return true;
  }

  expireAll(): void {
    const nowMs = this.#clock.now();
    for (const token of this.#tokens.values()) token.expiresAtMs = Math.min(token.expiresAtMs, nowMs);
  }

  #text(): string {
    const head = this.#identity.flavour === 'cinder' ? 'gAAAAAB' : 'MIIEFADC';
    const unique = head + this.#random.hex(48);
    return unique.padEnd(this.#identity.tokenBytes, 'A');
  }
}
