// Whose events these are, as src/core/policy/project.rs has it: tests/cases/projects.json holds both to the same results.

/** Returns the bytes of a text. jsdom has no TextEncoder; the core, which would have to agree, does not run there. */
const bytesOf = (text) =>
  typeof TextEncoder === 'function' ? new TextEncoder().encode(text) : Array.from(text, (letter) => letter.charCodeAt(0));

/** FNV-1a with 32 bits: tells texts apart without telling what they are. */
const hash = (text) => bytesOf(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5) >>> 0;

/** The project that events with these options belong to. */
export const projectOf = ({ apiKey, endpoint = POLICY_DEFAULT_ENDPOINT }) => hash(apiKey || endpoint);

/** Where they go, and under which key. */
export const destinationOf = ({ apiKey, endpoint = POLICY_DEFAULT_ENDPOINT }) => hash(`${endpoint}\0${apiKey ?? ''}`);

/** The project, and behind it those that it has replaced. */
export const projectsOf = (options) => [projectOf(options), ...[].concat(options.previousApiKeys ?? []).map(hash)];
