import { benchCommand } from './command.ts';
import type { Figure } from './figure.ts';

export async function benchPlan(): Promise<readonly Figure[]> {
  return benchCommand('plan --offline --horizon 30d', (file) => ['plan', '--offline', '--horizon', '30d', '--json', '--config', file], 2_000);
}
