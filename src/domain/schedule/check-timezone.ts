import { closestWords } from '../naming/closest-words.ts';

/** Names in daily use that ICU lists only under an older one. */
const currentNames = [
  'UTC',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Asia/Yangon',
  'Asia/Ho_Chi_Minh',
  'Europe/Kyiv',
  'America/Argentina/Buenos_Aires',
  'America/Nuuk',
  'Atlantic/Faroe',
  'Pacific/Pohnpei',
  'Pacific/Chuuk',
];

/**
 * What is wrong with a zone name, and which names come close; null where it is an IANA name this platform knows. Case
 * does not count. Offsets are refused: they say nothing of summer time, and croner does not take them.
 */
export function timezoneProblem(name: string): string | null {
  // croner takes an empty zone for the zone of the machine.
  if (name.trim() === '') return 'the zone is empty; write an IANA name such as Europe/Berlin, or UTC';
  if (/^(?:(?:GMT|UTC)?[+-]\d|Z$)/i.test(name)) {
    return `"${name}" is an offset, not a zone; write an IANA name such as Europe/Berlin, which knows of summer time, or UTC`;
  }
  if (isKnownZone(name)) return null;
  const near = nearZones(name);
  const cure = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'write an IANA name such as Europe/Berlin, or UTC';
  return `zone "${name}" is not known; ${cure}`;
}

/** A platform format is dear to make, and a thousand policies name the same few zones. */
const knownZones = new Set<string>();

function isKnownZone(name: string): boolean {
  if (knownZones.has(name)) return true;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    knownZones.add(name);
    return true;
  } catch {
    return false;
  }
}

function nearZones(name: string): readonly string[] {
  const zones = [...new Set([...Intl.supportedValuesOf('timeZone'), ...currentNames])];
  // A city alone, or under the wrong continent.
  const city = cityOf(name).toLowerCase();
  const sameCity = zones.filter((zone) => cityOf(zone).toLowerCase() === city);
  if (sameCity.length > 0) return sameCity;
  const near = closestWords(name, zones, 3);
  if (near.length > 0) return near;
  const nearCities = closestWords(city, new Set(zones.map(cityOf)), 3);
  return zones.filter((zone) => nearCities.includes(cityOf(zone)));
}

function cityOf(zone: string): string {
  return zone.replace(/^.*\//, '').replaceAll(' ', '_');
}
