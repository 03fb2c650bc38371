// From the text inside the package to a running module: deflated and in base64 it costs over a compressing
// server what the bare file would, and there is no file to host.
import { Core, initSync } from 'appizer-glue';
import module from 'appizer-module';

let loading;

/** Resolves with the class of the trackers' cores; all trackers share one module. */
export function loadCore() {
  loading ??= compile().then((compiled) => {
    initSync({ module: compiled });
    return Core;
  });
  return loading;
}

async function compile() {
  const deflated = Uint8Array.from(atob(module), (letter) => letter.charCodeAt(0));
  const inflated = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return WebAssembly.compile(await new Response(inflated).arrayBuffer());
}
