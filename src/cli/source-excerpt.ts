/** Lines that may hold a secret, although none belongs into a policy file. */
const secretLine = /pass|secret|token|key|url/i;
const maxWidth = 120;

/**
 * The line a problem points at, with a caret under the column; null where there is no such line, or where it may show
 * a secret. Both from 1.
 */
export function sourceExcerpt(text: string, line: number, column: number): string | null {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const shown = lines[line - 1];
  if (shown === undefined || shown.trim() === '') return null;
  // A secret may stand on the line below its key.
  if ([lines[line - 2] ?? '', shown].some((each) => secretLine.test(each))) return null;
  const start = Math.max(0, column - maxWidth + 20);
  const visible = shown.slice(start, start + maxWidth).replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ');
  const gutter = `${line} | `;
  return `${gutter}${visible}\n${' '.repeat(gutter.length - 2)}| ${' '.repeat(Math.max(0, column - 1 - start))}^`;
}
