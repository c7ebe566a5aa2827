import { expect, test } from 'vitest';
import { readStateRefusal } from '#domain/failure/volume-state';
import { volumeReadiness } from '#domain/volume-status';

test.each([
  ['available', 'ready'],
  ['in-use', 'ready'],
  ['AVAILABLE', 'ready'],
  ['attaching', 'busy'],
  ['detaching', 'busy'],
  ['reserved', 'busy'],
  ['creating', 'busy'],
  ['downloading', 'busy'],
  ['uploading', 'busy'],
  ['extending', 'busy'],
  ['retyping', 'busy'],
  ['backing-up', 'busy'],
  ['restoring-backup', 'busy'],
  ['rollbacking', 'busy'],
  ['maintenance', 'busy'],
  ['awaiting-transfer', 'broken'],
  ['constructor', 'unknown'],
  ['deleting', 'broken'],
  ['error', 'broken'],
  ['error_deleting', 'broken'],
  ['error_extending', 'broken'],
  ['error_restoring', 'broken'],
  ['error_rollbacking', 'broken'],
  ['', 'unknown'],
  ['a new word', 'unknown'],
] as const)('%s is %s', (status, expected) => {
  expect(volumeReadiness(status)).toBe(expected);
});

test('a state that is waited for by its status is also one whose refusal is waited for', () => {
  // Both lists have to agree, or a run would wait for a volume and then fail on the same word, or the other way round.
  for (const status of ['attaching', 'detaching', 'reserved', 'creating', 'downloading', 'uploading', 'extending', 'retyping', 'backing-up', 'restoring-backup', 'rollbacking', 'maintenance']) {
    expect({ status, readiness: volumeReadiness(status) }).toEqual({ status, readiness: 'busy' });
    expect({ status, refusal: readStateRefusal(`Volume status must be available, but current status is: ${status}.`) }).toEqual({ status, refusal: { type: 'passing' } });
  }
  for (const status of ['error', 'error_deleting', 'error_extending', 'error_restoring']) {
    expect(volumeReadiness(status)).toBe('broken');
    expect(readStateRefusal(`Volume status must be available, but current status is: ${status}.`)).toEqual({ type: 'lasting' });
  }
});
