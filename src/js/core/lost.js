// Values that JSON loses without an error.

const DEEPEST = 5;

/** Returns `[path, kind, what JSON makes of it]` for each such value. */
export function lostIn(value, path = '', depth = 0) {
  const kind = typeof value === 'function' ? 'function' : Object.prototype.toString.call(value).slice(8, -1);
  if (kind === 'function' || kind === 'Symbol') return [[path, kind.toLowerCase(), 'nothing']];
  if (typeof value === 'number' && !isFinite(value)) return [[path, `${value}`, 'null']];
  if (typeof value !== 'object' || !value || typeof value.toJSON === 'function') return [];
  if (['Map', 'Set', 'WeakMap', 'WeakSet', 'Error', 'RegExp', 'Promise'].includes(kind)) return [[path, kind, '{}']];
  if (depth === DEEPEST) return [];
  return Object.entries(value).flatMap(([name, inner]) => lostIn(inner, path ? `${path}.${name}` : name, depth + 1));
}
