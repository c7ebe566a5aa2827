import { isAlias, isMap, isScalar, isSeq, visit } from 'yaml';
import type { Document, Node, Pair, Range, YAMLMap } from 'yaml';

/** Where a node begins and its value ends, as offsets into the text. */
export type Span = readonly [start: number, end: number];

/** A map's key as text, as written where it is not quoted; null for a key that is no plain or quoted text. */
export function keyText(pair: Pair): string | null {
  if (!isScalar(pair.key)) return null;
  if (typeof pair.key.value === 'string') return pair.key.value;
  return pair.key.value === null ? null : (pair.key.source ?? null);
}

/** What each alias of a document stands for: the node that last bore its anchor before it. */
export type AliasTargets = Pick<ReadonlyMap<unknown, unknown>, 'get'>;

/** One pass over the document, once an alias turns up: the parser's own way looks through all of it for each alias again. */
export function aliasTargets(document: Document): AliasTargets {
  let targets: ReadonlyMap<unknown, unknown> | null = null;
  return {
    get: (alias) => {
      targets ??= findTargets(document);
      return targets.get(alias);
    },
  };
}

function findTargets(document: Document): ReadonlyMap<unknown, unknown> {
  const anchors = new Map<string, unknown>();
  const targets = new Map<unknown, unknown>();
  visit(document, {
    Node: (_key, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
    Alias: (_key, node) => {
      targets.set(node, anchors.get(node.source));
    },
  });
  return targets;
}

/** The node an alias stands for, undefined where its anchor is not known; any other node itself. */
export function resolved(node: unknown, targets: AliasTargets): unknown {
  return isAlias(node) ? targets.get(node) : node;
}

/** The entry of a map with this key; undefined where there is none or the node is no map. */
export function pairOf(node: unknown, key: string): Pair | undefined {
  return isMap(node) ? node.items.find((pair) => keyText(pair) === key) : undefined;
}

/** The span of a node; null for one that takes no room in the text. */
export function spanOf(node: unknown): Span | null {
  const range = hasRange(node) ? node.range : null;
  return range === null || range === undefined ? null : [range[0], range[1]];
}

function hasRange(node: unknown): node is Node & { range?: Range | null } {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node);
}

export { isAlias, isMap, isScalar, isSeq };
export type { Document, Pair, YAMLMap };
