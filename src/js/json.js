// JSON as it goes over the wire: well-formed text, and the page's values as they are, whatever it has done to the builtins.

const dateToJson = Date.prototype.toJSON;
const dateIsNative = JSON.stringify(new Date(0)) === '"1970-01-01T00:00:00.000Z"';

/** `JSON.stringify`, but lone surrogates become U+FFFD, and a `toJSON` that a library gave to a builtin is passed over. */
export function jsonOf(value) {
  const text = isPatched() ? JSON.stringify(value, unpatched) : JSON.stringify(value);
  // JSON.stringify writes a lone surrogate as `\udxxx`, which strict readers refuse.
  return text?.includes('\\ud') ? text.replace(/\\(ud[89a-f]..|[^])/g, (escape) => (escape.length > 2 ? '\ufffd' : escape)) : text;
}

/** The first `length` characters of a text; a pair of surrogates is kept or dropped whole. */
export function cut(text, length) {
  const end = text.length > length && /[\ud800-\udbff]/.test(text[length - 1]) ? length - 1 : length;
  return text.slice(0, end);
}

function isPatched() {
  return [].toJSON || ''.toJSON || (0).toJSON || true.toJSON || !dateIsNative || Date.prototype.toJSON !== dateToJson;
}

/** A replacer that gives back what a `toJSON` of a builtin has changed. */
function unpatched(key, value) {
  const raw = this[key];
  if (Object.prototype.toString.call(raw) === '[object Date]') return isNaN(raw) ? null : raw.toISOString();
  const patches = [Object, Array, String, Number, Boolean].map(({ prototype }) => prototype.toJSON);
  return raw != null && raw.toJSON && patches.includes(raw.toJSON) ? raw : value;
}
