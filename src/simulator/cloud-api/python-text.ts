import { isObject } from '../http/json-value.ts';

/** A value as Python prints it inside a container; Cinder's validation messages quote values so. */
export function pythonRepr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (typeof value === 'string') return reprText(value);
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`;
  if (isObject(value)) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${reprText(key)}: ${pythonRepr(inner)}`)
      .join(', ')}}`;
  }
  return typeof value === 'number' ? String(value) : '';
}

/** A value as Python's `str` prints it: a bare string stays bare. */
export function pythonStr(value: unknown): string {
  return typeof value === 'string' ? value : pythonRepr(value);
}

function reprText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const safe = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll(/[\p{C}\p{Z}]/gu, (letter) => (letter === ' ' ? letter : escaped(letter)));
  return quote + (quote === "'" ? safe.replaceAll("'", "\\'") : safe) + quote;
}

/** What Python holds unprintable, by its number. */
function escaped(letter: string): string {
  const code = letter.codePointAt(0) ?? 0;
  const [mark, digits] = code <= 0xff ? ['x', 2] : code <= 0xff_ff ? ['u', 4] : ['U', 8];
  return `\\${mark}${code.toString(16).padStart(digits, '0')}`;
}
