import { readFile, stat } from 'node:fs/promises';
import { CloudFailure } from '#domain/failure/failure';
import type { SecretRef } from '#domain/target';

/** Reads secrets where the policy files say they are. */
export interface SecretSource {
  /**
   * The secret without one trailing line end. A file is read again when it has changed. Throws CloudFailure of kind `auth`
   * and code `secret` where there is none; it names the place, never the value.
   */
  read(ref: SecretRef): Promise<string>;
}

interface SeenFile {
  readonly stamp: string;
  readonly text: string;
}

const MAX_BYTES = 65_536;
const FRESH_MS = 3_000;

/** `onRead` is told every value read, so that it can be kept out of texts. */
export function createSecretSource(options: { env: Readonly<Record<string, string | undefined>>; onRead?: (secret: string) => void }): SecretSource {
  const seen = new Map<string, SeenFile>();

  async function readSecretFile(path: string): Promise<string> {
    try {
      // Kubernetes swaps a directory by symlink: the file behind the path is then another one.
      const { mtimeMs, ctimeMs, ino, size } = await stat(path);
      const stamp = `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
      const known = seen.get(path);
      if (known?.stamp === stamp) return known.text;
      if (size > MAX_BYTES) throw secretFailure(`secret file ${path} is over ${MAX_BYTES} bytes`);
      const text = trimLineEnd(await readFile(path, 'utf8'));
      // Two writes within the tick of a file system's clock look like one: a file so fresh is read again.
      if (Math.max(mtimeMs, ctimeMs) < Date.now() - FRESH_MS) seen.set(path, { stamp, text });
      return text;
    } catch (error) {
      if (error instanceof CloudFailure) throw error;
      const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
      throw secretFailure(`secret file ${path} cannot be read: ${reason}`);
    }
  }

  return {
    async read(ref) {
      const text = 'file' in ref ? await readSecretFile(ref.file) : trimLineEnd(options.env[ref.env] ?? '');
      if (text === '') throw secretFailure('file' in ref ? `secret file ${ref.file} is empty` : `environment variable ${ref.env} is not set or empty`);
      options.onRead?.(text);
      return text;
    },
  };
}

function trimLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

function secretFailure(message: string): CloudFailure {
  return new CloudFailure({ kind: 'auth', httpStatus: null, code: 'secret', message, requestId: null, retryAfterMs: null, outcomeUnknown: false });
}
