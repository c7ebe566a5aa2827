import { createSecretSource } from '../adapters/iam/secret-source.ts';

/**
 * The admin token as its file says now; null where there is no file, or where it cannot be read: then nothing can be
 * changed, rather than by anybody.
 */
export function adminTokenIn(file: string | null): () => Promise<string | null> {
  if (file === null) return async () => null;
  const secrets = createSecretSource({ env: {} });
  return () =>
    secrets.read({ file }).then(
      (text) => (text.trim() === '' ? null : text.trim()),
      () => null,
    );
}
