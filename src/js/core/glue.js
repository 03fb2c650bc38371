// The functions of wasm-bindgen's glue that the package calls; a bundler leaves out the others.
export { default as load, Core, moduleVersion } from 'appizer-bindings';
