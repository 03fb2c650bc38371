// What the package calls of wasm-bindgen's glue; all else of it is left out.
export { default as load, start, track, identify, reset, optOut, optIn, useKey, flush, stats, deadLetters, disposeOfLetters, close } from 'appizer-bindings';
