import { describe, expect, test } from 'vitest';
import { changing } from './changing.ts';
import type { CloudUnderTest } from './cloud-under-test.ts';
import { creating } from './creating.ts';
import { unmet } from './differences.ts';
import { givenCloud } from './given.ts';
import { listing } from './listing.ts';
import { loggingIn } from './logging-in.ts';
import { ourClient } from './our-client.ts';
import { quota } from './quota.ts';
import { volumeStates } from './volume-states.ts';

/**
 * What a snapshot service needs of a cloud, asked of any: first of the cloud itself, through nothing but fetch, then
 * through our client. Where the clouds differ is data (`differences.ts`), and each is held to its own side.
 */
export function cloudConformance(name: string, openCloud: () => Promise<CloudUnderTest>): void {
  describe(`on ${name}`, () => {
    const given = givenCloud(openCloud);
    describe('the cloud itself', () => {
      loggingIn(given);
      creating(given);
      volumeStates(given);
      listing(given);
      changing(given);
      quota(given);
    });
    describe('through our client', () => {
      ourClient(given);
    });
    test('every difference that is listed was met', () => {
      expect(unmet()).toEqual([]);
    });
  });
}
