// Whose events these are, as src/core/project.rs has it: tests/cases/projects.json holds both to the same results.

/** FNV-1a with 32 bits: tells texts apart without telling what they are. */
export const hash = (text) => new TextEncoder().encode(text).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5) >>> 0;

/** The project that events with these options belong to. */
export const projectOf = ({ apiKey, endpoint = POLICY_DEFAULT_ENDPOINT }) => hash(apiKey || endpoint);

/** The same, and behind it those that it has replaced. */
export const projectsOf = (options) => [projectOf(options), ...[].concat(options.previousApiKeys ?? []).map(hash)];
