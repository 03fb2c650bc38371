// From the module to a running instance. Where the module comes from, `appizer-module` says: the build puts embedded.js
// or given.js there.
import { instantiate } from 'appizer-glue';
import { compile } from 'appizer-module';
import { makeStore } from './store.js';

/** What a dead instance answers: nothing, whether the glue takes it for a number or for several. */
const NOTHING = [0, 0, 0];

let loading;

/**
 * Resolves with a tracker's core (src/browser/exports.rs), in an instance of its own; the module is compiled once.
 *
 * Every call into the instance, also that of a timer, an event or a reply, comes through `guard`. What is thrown through
 * it, a trap or anything else, leaves the instance in the midst of what it did: it is never called again, its store is
 * left, and `died` is called.
 */
export async function loadCore(died) {
  loading ??= compile().catch((error) => {
    // The next init may have a better address, or a network.
    loading = undefined;
    throw error;
  });
  const module = await loading;
  let store;
  let isDead = false;

  const guarded = (call) => (...args) => {
    if (isDead) return NOTHING;
    try {
      return call(...args);
    } catch (error) {
      isDead = true;
      store?.leave('');
      died(error);
      return NOTHING;
    }
  };
  const guard = (exports) =>
    Object.fromEntries(Object.entries(exports).map(([name, it]) => [name, typeof it === 'function' ? guarded(it) : it]));

  return instantiate(module, guard, (...args) => (store = makeStore(...args)));
}
