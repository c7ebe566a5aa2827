import type { CallAnswer } from './perform-call.ts';

/** The fields of a schema library that reading needs. */
interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };
}

/** The answer's body. The error quotes nothing: Node's own message repeats the body. */
export function parseJson(answer: CallAnswer): unknown {
  try {
    return JSON.parse(answer.body);
  } catch {
    throw new Error(answer.body.trim() === '' ? 'it is empty' : 'it is not JSON');
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The answer's body, checked. The error says where it went wrong. */
export function readJson<T>(schema: Schema<T>, answer: CallAnswer): T {
  const result = schema.safeParse(parseJson(answer));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Error(issue === undefined ? 'it has another shape' : `${issue.path.map(String).join('.') || 'the body'}: ${issue.message}`);
}
