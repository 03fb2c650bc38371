// The options that the facade itself uses: checked here, and kept from the core, which checks all others.

const flag = [(value) => typeof value === 'boolean', 'true or false'];
const oneOf = (...words) => [(value) => words.includes(value), words.map((word) => `"${word}"`).join(' or ')];

const CHECKS = {
  sessionTimeout: [
    (value) => typeof value === 'number' && value >= 1000 && value <= POLICY_MAX_SESSION_TIMEOUT,
    `milliseconds from 1000 to ${POLICY_MAX_SESSION_TIMEOUT}, a day`,
  ],
  campaign: flag,
  pageViews: flag,
  stripQuery: flag,
  beforeSend: [(value) => typeof value === 'function', 'a function'],
  respectPrivacySignals: flag,
  consent: oneOf('granted', 'pending'),
  bots: oneOf('send', 'flag', 'drop'),
  denyProperties: [
    (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
    'an array of property names',
  ],
  clientHints: flag,
  debug: flag,
};

/** Throws for the first option of the facade's that is at fault; returns those for the core. */
export function checked(given) {
  if (typeof given !== 'object' || !given) {
    throw new AppizerError('invalid_option', 'init takes an object of options: init({ apiKey: "…" })');
  }
  const rest = { ...given };
  for (const [name, [isAllowed, allowed]] of Object.entries(CHECKS)) {
    const value = given[name];
    delete rest[name];
    if (value !== undefined && !isAllowed(value)) throw invalidOption(name, `is ${shown(value)}`, allowed);
  }
  return rest;
}

/** Returns a copy of the options, the endpoint as text; what is no object as it is. */
export function plain(given) {
  if (Object(given) !== given) return given;
  const { endpoint } = given;
  return { ...given, ...(endpoint?.href && { endpoint: endpoint.href }) };
}

/** Returns an error for an option, other than the key, that `init` was given otherwise before; nothing where there is none. */
export function findDifference(options, given) {
  const names = new Set([...Object.keys(options), ...Object.keys(given)]);
  const name = [...names].find((name) => name !== 'apiKey' && !isSame(options[name], given[name]));
  if (name === undefined) return;
  const message = `init was called before with another ${name}; a tracker of its own needs createTracker`;
  return new AppizerError('already_initialized', message, name);
}

/** Functions and lists are made anew with each rendering: it is what they hold that counts. */
function isSame(one, other) {
  const kind = typeof one;
  if (one === other || kind !== typeof other) return one === other;
  return kind === 'function' || (kind === 'object' && JSON.stringify(one) === JSON.stringify(other));
}

export const KEY = "the project's key: printable ASCII characters without spaces; none where endpoint is a relay or a proxy that adds the key";

/** Also one of another realm. */
export const isModule = (wasm) => Object.prototype.toString.call(wasm) === '[object WebAssembly.Module]';

/** As in src/core/options.rs. */
export const isKey = (key) => typeof key === 'string' && /^[!-~]+$/.test(key);

/** Returns true if requests can carry the key, or need none: a relay or a proxy at another endpoint than Appizer's. */
export const hasUsableKey = ({ apiKey, endpoint = POLICY_DEFAULT_ENDPOINT }) =>
  apiKey === undefined ? endpoint !== POLICY_DEFAULT_ENDPOINT : isKey(apiKey);

export function invalidOption(option, what, allowed) {
  return new AppizerError('invalid_option', `option "${option}" ${what}; allowed: ${allowed}`, option);
}

/** Its members are defined, not assigned: a page may have frozen `Error.prototype`. */
export class AppizerError extends Error {
  constructor(code, message, option) {
    super(message);
    const members = { name: 'AppizerError', code, ...(option && { option }) };
    for (const [name, value] of Object.entries(members)) {
      Object.defineProperty(this, name, { value, configurable: true, writable: true, enumerable: name !== 'name' });
    }
  }
}

/** Returns a value as text. JSON would make null of NaN, and a text of a URL object. */
export function shown(value) {
  try {
    if (typeof value === 'string' || Array.isArray(value)) return JSON.stringify(value);
  } catch {
    // A list with what JSON cannot carry.
  }
  return Object(value) === value ? Object.prototype.toString.call(value) : String(value);
}
