import type { Values } from './helm.ts';

/** Values that together render every template in each of its forms. */
export const matrix: readonly { readonly name: string; readonly values: readonly Values[] }[] = [
  { name: 'the least', values: ['minimal'] },
  { name: 'everything', values: ['everything'] },
  { name: 'one Deployment', values: ['minimal', 'one-deployment'] },
  { name: 'nothing that can be left out', values: ['minimal', 'bare'] },
];
