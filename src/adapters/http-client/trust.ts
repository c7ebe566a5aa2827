import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { TransportError } from './transport-error.ts';

/**
 * Whom to trust: nothing where it is only the system's (Node's default), else one context with the file's certificates
 * beside those, made once because parsing some hundred certificates for each connection would cost more than the connection.
 */
export function readTrust(caFile: string | null): { secureContext?: SecureContext } {
  if (caFile === null) return {};
  try {
    const own = readFileSync(caFile, 'utf8').match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
    if (own.length === 0) throw new Error('no certificate in it');
    // A context leaves out what it cannot parse without a word.
    for (const certificate of own) new X509Certificate(certificate);
    return { secureContext: createSecureContext({ ca: [...getCACertificates('default'), ...getCACertificates('system'), ...own] }) };
  } catch (error) {
    const reason = error instanceof Error ? (('code' in error && String(error.code)) || error.message) : 'unknown';
    throw new TransportError('connect', 'tls', `the CA file ${caFile} cannot be used: ${reason}`);
  }
}
