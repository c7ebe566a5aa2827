/** What may stand in braces in `snapshot.name` and `snapshot.description`. */
export const PLACEHOLDERS = ['policy', 'volume', 'volumeId', 'due', 'instance'] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** A template in parts: literal text, or the name of a placeholder. */
export type TemplatePart = { readonly text: string } | { readonly placeholder: Placeholder };

/** Splits a template into its parts, or says what is wrong with it and what would be right. */
export function parseTemplate(template: string): { readonly parts: readonly TemplatePart[] } | { readonly problem: string } {
  const parts: TemplatePart[] = [];
  for (const piece of template.split(/(\{[^{}]*\})/)) {
    if (piece === '') continue;
    if (piece.startsWith('{') && piece.endsWith('}')) {
      const placeholder = PLACEHOLDERS.find((name) => name === piece.slice(1, -1));
      if (placeholder === undefined) return { problem: `placeholder ${piece} is not known; the placeholders are ${PLACEHOLDERS.map((name) => `{${name}}`).join(' ')}` };
      parts.push({ placeholder });
    } else if (/[{}]/.test(piece)) {
      return { problem: `a brace in "${template}" has no partner; a placeholder is written like {policy}, and braces stand for nothing else` };
    } else {
      parts.push({ text: piece });
    }
  }
  return { parts };
}
