import { Visitor } from '@swc/core/Visitor.js'; // oxlint-disable-line typescript/no-deprecated -- see below
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import { rules } from './rules.ts';

// The walker that dependency-cruiser builds on stops at `using` and `await using`: it is taught to walk through them.
/* oxlint-disable typescript/no-deprecated -- swc has given it up, which is why this is not mended there */
const walkStatement = Visitor.prototype.visitStatement;
Visitor.prototype.visitStatement = function visitStatement(statement) {
  const node: { type: string; decls?: Parameters<Visitor['visitVariableDeclarators']>[0] } = statement;
  if (node.type !== 'UsingDeclaration') return walkStatement.call(this, statement);
  this.visitVariableDeclarators(node.decls ?? []);
  return statement;
};
/* oxlint-enable typescript/no-deprecated */

/** Reads every import under `src` of the tree and checks it against the rules. */
export async function cruiseTree(tree: string): Promise<ICruiseResult> {
  const { output } = await cruise(
    ['src'],
    {
      baseDir: tree,
      validate: true,
      ruleSet: { forbidden: rules.map((rule) => ({ severity: 'error', ...rule })) },
      // With TypeScript 7 alone the default parser reads no TypeScript at all, and finds no violation.
      parser: 'swc',
      tsPreCompilationDeps: true,
      doNotFollow: { path: 'node_modules' },
      // Runs in browsers and is served as it is: nothing of the service imports it, and it imports types only.
      exclude: { path: '^src/server/page/' },
      enhancedResolveOptions: {
        exportsFields: ['exports'],
        conditionNames: ['source', 'node', 'import', 'types', 'default'],
        extensions: ['.ts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
      },
    },
    // Two trees are read in one process: a resolver kept from the first would answer for the second.
    { bustTheCache: true },
  );
  if (typeof output === 'string') throw new Error('dependency-cruiser gave text instead of a result');
  return output;
}

export function violationsOf(result: ICruiseResult): { from: string; to: string; rule: string }[] {
  return result.summary.violations.map(({ from, to, rule }) => ({ from, to, rule: rule.name }));
}
