import { expect, test } from 'vitest';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tempDir } from './temp-dir.ts';

test('a temporary directory goes with its block', async () => {
  let file: string;
  {
    await using dir = await tempDir();
    file = path.join(dir.path, 'file');
    await writeFile(file, 'x');
  }
  await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
});
