import { formatPath } from './problem.ts';
import type { Path } from './problem.ts';
import { isAlias, isMap, isScalar, isSeq, keyText, resolved, spanOf } from './yaml-nodes.ts';
import type { AliasTargets, Document, YAMLMap } from './yaml-nodes.ts';

/** A fault of the YAML itself, at an offset into the text. */
export interface YamlFault {
  readonly offset: number;
  readonly path: Path;
  readonly message: string;
  /** What the file says is not known from here on, so nothing else is to be said about it. */
  readonly isFatal: boolean;
}

/** Nodes in one file, those that aliases repeat counted each time: some 7,000 policies, far below an alias bomb. */
const maxNodes = 250_000;

/** Plain values of a document, with the faults that are no syntax errors. */
export interface YamlValue {
  readonly value: unknown;
  readonly faults: readonly YamlFault[];
}

/**
 * Turns a document into plain values (objects, arrays, scalars). Refuses what YAML allows and a
 * policy file does not: a key given twice, merge keys, keys that are no text, aliases that repeat without measure.
 * `placeAt` names an offset for people (`line 4 column 5`).
 */
export function toPlainValue(document: Document, targets: AliasTargets, placeAt: (offset: number) => string): YamlValue {
  const faults: YamlFault[] = [];
  const openAliases = new Set<unknown>();
  let count = 0;

  function convert(node: unknown, path: Path): unknown {
    count += 1;
    if (count > maxNodes) return undefined;
    if (isAlias(node)) return convertAlias(node, path);
    if (isMap(node)) return convertMap(node, path);
    if (isSeq(node)) return node.items.map((item, place) => convert(item, [...path, place]));
    return isScalar(node) ? node.value : null;
  }

  function convertAlias(node: unknown, path: Path): unknown {
    const target = resolved(node, targets);
    const offset = spanOf(node)?.[0] ?? 0;
    if (target === undefined || openAliases.has(target)) {
      const message = 'this alias (*name) has no anchor (&name) before it, or stands inside its own; write the value out, or put text that begins with * into quotes';
      faults.push({ offset, path: [], message, isFatal: true });
      return undefined;
    }
    openAliases.add(target);
    const value = convert(target, path);
    openAliases.delete(target);
    if (openAliases.size === 0) addSizeFault(offset);
    return value;
  }

  function addSizeFault(offset: number): void {
    if (count <= maxNodes || faults.some((fault) => fault.isFatal)) return;
    const message = `the file holds more than ${maxNodes} values, aliases counted as often as they repeat; split it, and nest no aliases in anchors`;
    faults.push({ offset, path: [], message, isFatal: true });
  }

  function convertMap(node: YAMLMap, path: Path): unknown {
    const entries: Record<string, unknown> = {};
    const placeOfKey = new Map<string, number>();
    for (const pair of node.items) {
      const offset = spanOf(pair.key)?.[0] ?? spanOf(node)?.[0] ?? 0;
      const key = keyText(pair);
      const fault = keyFault(key, placeOfKey, offset);
      if (fault !== null) faults.push({ offset, path: key === null ? path : [...path, key], message: fault, isFatal: false });
      if (key === null || fault !== null) continue;
      placeOfKey.set(key, offset);
      entries[key] = convert(pair.value, [...path, key]);
    }
    return entries;
  }

  function keyFault(key: string | null, placeOfKey: Map<string, number>, offset: number): string | null {
    if (key === null) return 'a key must be text; write a word before the colon';
    if (key === '<<') return 'merge keys (<<) are not supported; use the top-level "defaults", or an alias for the whole value';
    if (key === '__proto__') return 'this key is not allowed; take it out';
    const first = placeOfKey.get(key);
    if (first === undefined) return null;
    const name = formatPath([key]);
    return `key ${name} is given twice, here (${placeAt(offset)}) and at ${placeAt(first)}; keep one of the two`;
  }

  const value = convert(document.contents, []);
  addSizeFault(0);
  return { value, faults };
}
