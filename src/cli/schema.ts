import { policyJsonSchema } from '#config/json-schema';

/** Prints the JSON Schema of policy files. Returns the exit code. */
export function runSchema(io: { readonly stdout: { write(text: string): unknown } }): number {
  io.stdout.write(`${JSON.stringify(policyJsonSchema(), null, 2)}\n`);
  return 0;
}
