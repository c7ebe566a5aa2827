import { z } from 'zod';

/**
 * An object that takes no other keys. The message of its `unrecognized_keys` issue is the list of keys it does take,
 * and `issue-problems.ts` makes a sentence of that for each key.
 */
export function strictObject<Shape extends z.core.$ZodLooseShape>(shape: Shape, what: string): z.ZodObject<Shape, z.core.$strict> {
  const keys = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return keys;
      if (issue.code === 'invalid_type') return `${what} is a mapping with keys such as ${keys}`;
      return undefined;
    },
  });
}
