import type { CloudKind } from './cloud-under-test.ts';
import type { Answer } from './raw-client.ts';

/** What a refusal comes down to: status, code or wrapper, text. A success is its status alone. */
export type Told = readonly [status: number] | readonly [status: number, code: string, message: string];

/** The refusal in whatever shape it came, with the given texts (ids, mostly) replaced by their names. */
export function told(answer: Answer, names: Readonly<Record<string, string>> = {}): Told {
  const { status } = answer;
  if (status < 400) return [status];
  const [code, message] = codeAndMessage(answer);
  return [status, code, Object.entries(names).reduce((text, [name, value]) => text.replaceAll(value, `{${name}}`), message)];
}

function codeAndMessage({ json, text }: Answer): readonly [string, string] {
  if (typeof json !== 'object' || json === null) return ['page', /<title>(.*)<\/title>/.exec(text)?.[1] ?? text];
  const flat = json as { error_code?: string; error_msg?: string };
  if (flat.error_code !== undefined) return [flat.error_code, flat.error_msg ?? ''];
  const [wrapper, inner] = Object.entries(json)[0] ?? ['', {}];
  const { code, message, title } = inner as { code?: number | string; message?: string; title?: string };
  // Of the numbers that stand for a code, each is the status once more.
  return [title ?? (typeof code === 'string' && !/^\d+$/.test(code) ? code : wrapper), message ?? ''];
}

/** The code that goes with a status where nothing more is to be said: EVS has numbers, Cinder the names of its wrappers. */
const wrappers: Readonly<Record<number, string>> = { 400: 'badRequest', 403: 'forbidden', 404: 'itemNotFound', 413: 'overLimit', 415: 'badMediaType', 500: 'computeFault' };

export function codeFor(kind: CloudKind, status: number): string {
  return kind === 'simulatedEvs' ? `EVS.5${status}` : (wrappers[status] ?? 'computeFault');
}

/** A refusal by the block storage service, on any of the clouds. */
export function refused(kind: CloudKind, status: number, message: string): Told {
  return [status, codeFor(kind, status), message];
}
