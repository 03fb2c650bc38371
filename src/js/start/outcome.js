// What a reply means to the direct sender. The core's table of verdicts (src/core/policy/verdict.rs) has more to tell apart:
// tests/cases/verdicts.json holds both to the same results.

/** Returns `delivered`; `kept` where something in the batch is at fault, which the next core finds out about; or `retry`. */
export function outcomeOf({ status, success, count, failed = [] }, sent) {
  if ([400, 413, 422].includes(status)) return 'kept';
  if (status < 200 || status > 299 || !success) return 'retry';
  return count < sent || failed.some((place) => place < sent) ? 'kept' : 'delivered';
}
