// What a response means to the direct sender. The core's table of verdicts (src/core/policy/verdict.rs) has more to tell apart:
// tests/cases/verdicts.json holds both to the same results.

/**
 * Returns `delivered`; `kept` where something in the batch is at fault, which the next core finds out about; or `retry`.
 * `body` is any JSON; a member of another type than documented counts as absent.
 */
export function outcomeOf(status, body, sent) {
  if ([400, 413, 422].includes(status)) return 'kept';
  if (status < 200 || status > 299 || body?.success !== true) return 'retry';
  const { processed_count: count, failed_indices: failed } = body;
  const isPartial = typeof count === 'number' && !(Number.isInteger(count) && count >= sent);
  const isNamed = Array.isArray(failed) && failed.some((place) => Number.isInteger(place) && place >= 0 && place < sent);
  return isPartial || isNamed ? 'kept' : 'delivered';
}
