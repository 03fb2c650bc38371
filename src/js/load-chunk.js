// Where the facade finds the core: in a chunk of its own, which a bundler that splits keeps apart and any other takes in.
export const loadChunk = () => import(APPIZER_CHUNK);
