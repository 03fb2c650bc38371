// Properties that every later event gets, the same in all tabs and on later visits.
import { isPlain } from './event.js';

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
    if (!isPlain(given)) return warn('register', 'register takes an object of properties; the call is ignored');
    replace({ ...all(), ...given });
  }

  function replace(properties) {
    try {
      const longer = JSON.stringify(properties);
      if (longer.length > POLICY_MAX_REGISTERED_LENGTH) {
        return warn('register', `registered properties must fit ${POLICY_MAX_REGISTERED_LENGTH} characters of JSON; the call is ignored`);
      }
      storage.set('properties', longer);
    } catch {
      warn('register', 'properties must survive JSON.stringify: no cycle, no BigInt; the call is ignored');
    }
  }

  return {
    all,
    register,
    replace,
    registerOnce: (given) => register(isPlain(given) ? { ...given, ...all() } : given),
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
