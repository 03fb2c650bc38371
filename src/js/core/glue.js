// What the package calls of wasm-bindgen's glue; all else of it is left out.
export { default as load, Core, moduleVersion } from 'appizer-bindings';
