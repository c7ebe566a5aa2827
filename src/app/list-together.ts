import type { Volume } from '#domain/volume';
import type { CallOptions, Cloud } from './ports/cloud.ts';

/** So many take part in one listing at most: each compares every volume of a page before the next one is read. */
const MOST_TOGETHER = 100;

interface Listener {
  readonly take: (volume: Volume) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Those who want the same of a cloud, while it is listed for the first of them. */
interface Line {
  readonly withTags: boolean;
  readonly options: CallOptions;
  readonly waiting: Listener[];
}

const lines = new WeakMap<Cloud, Set<Line>>();

/**
 * Hands every volume of the cloud to `take`. Whoever asks while a listing is under way waits for the next one, which serves all
 * that wait: a thousand policies due at once list their target a few times, not a thousand times, and one listing is held in memory,
 * not a thousand. No listing serves anybody who asked after it had begun. Throws as `volumePages` does.
 */
export async function eachVolume(cloud: Cloud, withTags: boolean, options: CallOptions, take: (volume: Volume) => void): Promise<void> {
  const ofCloud = lines.get(cloud) ?? new Set<Line>();
  lines.set(cloud, ofCloud);
  const known = [...ofCloud].find((line) => line.withTags === withTags && line.options.signal === options.signal && line.options.priority === options.priority);
  const line = known ?? { withTags, options, waiting: [] };
  const served = new Promise<void>((resolve, reject) => line.waiting.push({ take, resolve, reject }));
  if (known === undefined) {
    ofCloud.add(line);
    void serve(cloud, ofCloud, line);
  }
  return served;
}

/** Lists for those in the line until nobody is left in it. */
async function serve(cloud: Cloud, ofCloud: Set<Line>, line: Line): Promise<void> {
  while (line.waiting.length > 0) {
    const listeners = line.waiting.splice(0, MOST_TOGETHER);
    try {
      for await (const page of cloud.volumePages({ withTags: line.withTags }, line.options)) {
        for (const { take } of listeners) for (const volume of page) take(volume);
      }
      for (const { resolve } of listeners) resolve();
    } catch (error) {
      for (const { reject } of listeners) reject(error);
    }
  }
  ofCloud.delete(line);
}
