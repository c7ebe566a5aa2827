/** A record in the store is not what was written there. It stays so: a repetition is of no use. */
export class UnreadableRecordError extends Error {
  override readonly name = 'UnreadableRecordError';
}
