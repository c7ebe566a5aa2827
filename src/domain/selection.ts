import type { VolumeMatch, VolumeSelection } from './policy.ts';
import type { Volume } from './volume.ts';

/** Whether a policy takes this volume: named by id or matched, and not excluded. An exclusion wins over an id, too. */
export function selectsVolume(selection: VolumeSelection, volume: Volume): boolean {
  if (selection.exclude !== null && matchesVolume(selection.exclude, volume)) return false;
  // Cinder takes ids in capitals and answers in lower case (seen on Cinder 21.3.1).
  const id = volume.id.toLowerCase();
  if (selection.ids.some((each) => each.toLowerCase() === id)) return true;
  return selection.match !== null && matchesVolume(selection.match, volume);
}

/**
 * Whether every given key holds for the volume; a list means any of its values. An absent key says nothing, so a match
 * without keys holds for every volume. Values are compared letter by letter, names as globs; a volume without a name has
 * the empty name.
 */
export function matchesVolume(match: VolumeMatch, volume: Volume): boolean {
  const { name, tags, metadata, availabilityZone, status } = match;
  if (name !== undefined && !name.some((glob) => matchesGlob(glob, volume.name ?? ''))) return false;
  if (availabilityZone !== undefined && !availabilityZone.includes(volume.availabilityZone ?? '')) return false;
  if (status !== undefined && !status.includes(volume.status)) return false;
  return holdsEntries(tags, volume.tags) && holdsEntries(metadata, volume.metadata);
}

/** Whether text matches a glob as a whole: `*` is any text, also none, `?` one character, all else itself; case counts. */
export function matchesGlob(glob: string, text: string): boolean {
  const pattern = [...glob];
  const letters = [...text];
  let place = 0;
  let letter = 0;
  let starPlace = -1;
  let starLetter = 0;
  // Going back only to the last star keeps the time bounded by the product of both lengths.
  while (letter < letters.length) {
    if (pattern[place] === '*') {
      starPlace = place;
      starLetter = letter;
      place += 1;
    } else if (place < pattern.length && (pattern[place] === '?' || pattern[place] === letters[letter])) {
      place += 1;
      letter += 1;
    } else if (starPlace >= 0) {
      starLetter += 1;
      letter = starLetter;
      place = starPlace + 1;
    } else {
      return false;
    }
  }
  while (pattern[place] === '*') place += 1;
  return place === pattern.length;
}

function holdsEntries(
  wanted: Readonly<Record<string, readonly string[]>> | undefined,
  present: Readonly<Record<string, string>>,
): boolean {
  if (wanted === undefined) return true;
  return Object.entries(wanted).every(([key, values]) => {
    const value = Object.hasOwn(present, key) ? present[key] : undefined;
    return value !== undefined && values.includes(value);
  });
}
