import type { Flavour } from '../options.ts';
import { internalError, Refusal, type RefusalParts } from './refusal.ts';

/** Newest minor versions: 3.50 on EVS (EVS API reference, microversions), 3.70 on Cinder 21 (seen on 21.3.1). */
export function maxMinorVersion(flavour: Flavour): number {
  return flavour === 'evs' ? 50 : 70;
}

/** The minor version asked for in `OpenStack-API-Version`; 0 without the header. Texts: seen on Cinder 21.3.1. */
export function minorVersion(header: string | undefined, flavour: Flavour): number {
  if (header === undefined) return 0;
  const [service, version = ''] = header.trim().split(/\s+/);
  if (service !== 'volume') {
    throw refused(400, 'badRequest', 'The server could not comply with the request since it is either malformed or otherwise incorrect.');
  }
  const max = maxMinorVersion(flavour);
  if (version === 'latest') return max;
  // A service without a version is one case that Cinder did not foresee.
  if (version === '') throw new Refusal({ ...internalError().parts, stage: 'version' });
  const parts = /^(\d+)\.(\d+)$/.exec(version);
  if (parts === null) {
    throw refused(400, 'badRequest', `API Version String ${version} is of invalid format. Must be of format MajorNum.MinorNum.`);
  }
  const minor = Number(parts[2]);
  if (parts[1] !== '3' || minor > max) {
    const message = `Version ${version} is not supported by the API. Minimum is 3.0 and maximum is 3.${max}.`;
    throw refused(406, 'computeFault', message, parts[1] === '3' ? {} : { stage: 'version' });
  }
  return minor;
}

function refused(status: number, code: string, message: string, more: Pick<RefusalParts, 'stage'> = { stage: 'version' }): Refusal {
  return new Refusal({ shape: 'cinder', status, code, message, ...more });
}
