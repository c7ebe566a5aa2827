import { afterAll, beforeAll } from 'vitest';
import type { CloudKind, CloudUnderTest } from './cloud-under-test.ts';
import { RawClient } from './raw-client.ts';

/** What the tests of one cloud share; there once the first of them runs. */
export interface Given {
  readonly cloud: CloudUnderTest;
  readonly kind: CloudKind;
  readonly raw: RawClient;
}

/** Opens the cloud before the tests of the present block and closes it after them. */
export function givenCloud(openCloud: () => Promise<CloudUnderTest>): Given {
  let opened: { cloud: CloudUnderTest; raw: RawClient } | undefined;
  const there = () => {
    if (opened === undefined) throw new Error('the cloud is not open yet');
    return opened;
  };
  beforeAll(async () => {
    const cloud = await openCloud();
    opened = { cloud, raw: await RawClient.login(cloud) };
  });
  afterAll(async () => opened?.cloud[Symbol.asyncDispose]());
  return {
    get cloud() {
      return there().cloud;
    },
    get kind() {
      return there().cloud.kind;
    },
    get raw() {
      return there().raw;
    },
  };
}

/** A volume for the tests of the present block. */
export function givenVolume(given: Given, name: string): { readonly id: string } {
  let id = '';
  beforeAll(async () => {
    id = await given.cloud.addVolume(name);
  });
  return {
    get id() {
      if (id === '') throw new Error(`there is no volume ${name} yet`);
      return id;
    },
  };
}
