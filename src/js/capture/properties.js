// Properties that every later event gets, the same in all tabs and on later visits.
import { isPlain } from './event.js';
import { jsonOf } from './json.js';

export function makeProperties(storage, warn) {
  let text;
  let registered = {};

  /** As they are now; the same object as long as nothing changed. */
  function all() {
    const stored = storage.get('properties');
    if (stored !== text) {
      text = stored;
      registered = parse(stored);
    }
    return registered;
  }

  function register(given) {
    replace(isPlain(given) ? { ...all(), ...given } : undefined);
  }

  function replace(properties) {
    let longer;
    try {
      longer = jsonOf(properties);
    } catch {
      // A cycle, a BigInt, or a getter of the page's that throws.
    }
    if (longer?.length <= POLICY_MAX_REGISTERED_LENGTH) storage.set('properties', longer);
    else warn(`registered properties are a plain object that JSON can carry, ${POLICY_MAX_REGISTERED_LENGTH} characters in all; the call is ignored`);
  }

  return {
    all,
    register,
    replace,
    registerOnce: (given) => register(isPlain(given) && { ...given, ...all() }),
    unregister(name) {
      const { [name]: _, ...rest } = all();
      replace(rest);
    },
  };
}

function parse(text) {
  try {
    const properties = JSON.parse(text);
    return isPlain(properties) ? properties : {};
  } catch {
    return {};
  }
}
