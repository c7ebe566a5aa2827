/** How bin/snapkeep and the image start Node. */
export const NODE_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=100'] as const;
