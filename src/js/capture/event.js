// From the arguments of `track` to a line of the engine's (src/core/event.rs): the checks that need JavaScript's
// own values, made where the caller waits for the answer.
import { jsonOf } from './json.js';

const OVERRIDES = ['userId', 'ip', 'ua'];
const NONE = ['', '', ''];

// The same words as in src/core/event.rs.
const MESSAGES = {
  invalid_name: "an event's name must be a string that is not empty",
  invalid_properties: "an event's properties must be a plain object",
  invalid_overrides: 'overrides are userId, ip, ua (strings) and time (a date)',
  not_serializable: 'properties must survive JSON.stringify: no cycle, no BigInt',
  too_large: "an event's name, properties and overrides must fit 31 KiB of JSON",
  too_many_held: `${POLICY_MAX_HELD_EVENTS} events wait for init or consent already: call it sooner`,
  closed: 'the tracker is closed',
  opted_out: 'the visitor has opted out: optIn() ends it',
  bot: 'a bot: option "bots" is "drop"',
};

/** Why an event was refused; thrown here and caught in `track`. */
export class Refusal {
  constructor(code) {
    this.code = code;
    this.message = MESSAGES[code];
  }
}

/**
 * An event as it was given, checked, its properties as text; or throws a Refusal. `own` are the overrides as JSON, or
 * empty: `[user, ip, ua]`.
 */
export function toDraft(name, properties, overrides) {
  if (typeof name !== 'string' || !name.trim()) throw new Refusal('invalid_name');
  const text = propertiesText(properties);
  let time = Date.now();
  let own = NONE;
  if (overrides != null) {
    own = overrideTexts(overrides);
    time = overrides.time ?? time;
    // By value: the page may change a Date and give it again.
    if (typeof time === 'object') time = +time;
    iso(time);
  }
  return { name, given: properties, text, time, own };
}

/** `id ⇥ time ⇥ name ⇥ properties ⇥ user_id ⇥ ip ⇥ ua`, or throws a Refusal. `user`: whose it is unless it says so itself. */
export function toLine(id, { name, text, time, own }, user) {
  const fields = `${jsonOf(name)}\t${text}\t${own[0] || user}\t${own[1]}\t${own[2]}`;
  // At most three bytes a UTF-16 unit: only what comes near the limit is measured.
  if (fields.length * 3 > POLICY_MAX_EVENT_BYTES && new Blob([fields]).size > POLICY_MAX_EVENT_BYTES) {
    throw new Refusal('too_large');
  }
  return `${id}\t${iso(time)}\t${fields}`;
}

/** An object literal, of this realm or another, or one without a prototype. */
export function isPlain(value) {
  if (typeof value !== 'object' || !value || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Returns a copy of a plain object; undefined for anything else, and where a getter of the page's own throws. */
export function copyOf(value) {
  try {
    return isPlain(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function propertiesText(properties) {
  if (properties == null) return '';
  if (!isPlain(properties)) throw new Refusal('invalid_properties');
  let text;
  try {
    text = jsonOf(properties);
  } catch {
    throw new Refusal('not_serializable');
  }
  // A toJSON of the page's own may have made anything of it.
  if (!text?.startsWith('{')) throw new Refusal('invalid_properties');
  return text;
}

function overrideTexts(overrides) {
  const known = isPlain(overrides) && Object.keys(overrides).every((name) => name === 'time' || OVERRIDES.includes(name));
  if (!known) throw new Refusal('invalid_overrides');
  return OVERRIDES.map((name) => {
    const value = overrides[name];
    if (value == null) return '';
    if (typeof value !== 'string' || !value) throw new Refusal('invalid_overrides');
    return jsonOf(value);
  });
}

let lastTime;
let lastIso;

// Events of one millisecond share their text: a burst of calls would spend a third of its time here.
function iso(time) {
  if (time !== lastTime) {
    const date = new Date(time);
    if (isNaN(+date)) throw new Refusal('invalid_overrides');
    lastIso = date.toISOString();
    lastTime = time;
  }
  return lastIso;
}
