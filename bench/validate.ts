import { benchCommand } from './command.ts';
import type { Figure } from './figure.ts';

export async function benchValidate(): Promise<readonly Figure[]> {
  return benchCommand('validate', (file) => ['validate', file], 1_000);
}
