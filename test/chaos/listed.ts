/** Shown of each kind of finding. */
const SHOWN = 10;

/** A heading and the first few items; empty where there are none. */
export function listed(heading: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  const rest = items.length > SHOWN ? [`and ${items.length - SHOWN} more`] : [];
  return `${heading} (${items.length}):\n${[...items.slice(0, SHOWN), ...rest].map((item) => `  ${item}\n`).join('')}`;
}
