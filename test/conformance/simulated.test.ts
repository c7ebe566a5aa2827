import { expect, test } from 'vitest';
import { unfaithful } from './differences.ts';
import { openSimulatedCloud } from './simulated-cloud.ts';
import { cloudConformance } from './suite.ts';

cloudConformance('a simulated EVS', () => openSimulatedCloud('evs'));
cloudConformance('a simulated Cinder', () => openSimulatedCloud('cinder'));

test('the simulated Cinder differs from the real one in nothing that the suite looks at', () => {
  expect(unfaithful).toEqual([]);
});
