// The running module. Where it comes from, `appizer-module` says: the build puts embedded.js or given.js there.
import { Core, initSync } from 'appizer-glue';
import { compile } from 'appizer-module';

let loading;

/** Resolves with the class of the trackers' cores; all trackers share one module. */
export function loadCore() {
  loading ??= compile().then(run).catch((error) => {
    // The next init may have a better address, or a network.
    loading = undefined;
    throw error;
  });
  return loading;
}

function run(module) {
  initSync({ module });
  return Core;
}
