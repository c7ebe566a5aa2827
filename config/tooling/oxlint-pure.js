// One rule for src/domain and src/app that no built-in rule covers: `new Date()` and `Date()` read the clock.

const message = 'Reads the clock: take the time from the Clock port and pass it in.';

/** @param {{ callee: { type: string, name?: string } }} node */
function isDate(node) {
  return node.callee.type === 'Identifier' && node.callee.name === 'Date';
}

export default {
  meta: { name: 'pure' },
  rules: {
    'no-ambient-date': {
      create(context) {
        return {
          NewExpression(node) {
            if (isDate(node) && node.arguments.length === 0) context.report({ node, message });
          },
          CallExpression(node) {
            if (isDate(node)) context.report({ node, message });
          },
        };
      },
    },
  },
};
