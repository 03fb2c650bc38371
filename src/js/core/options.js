// Options on their way to the core, and what the core says of them.
import { AppizerError, invalidOption, shown } from '../start/options.js';
import { nearest } from './nearest.js';

/** Stands between the items of a list; as in src/core/options.rs. */
const LIST_SEPARATOR = '\x1e';

/** The core's options as `given` of src/core/options.rs reads them. */
export function textOf(options) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const fields = given.flatMap(([name, value]) => {
    const kind = ['string', 'number', 'boolean'].find((kind) => typeof value === kind);
    const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
    return [name, kind ? kind[0] + value : isList ? `l${value.join(LIST_SEPARATOR)}` : 'other'];
  });
  return fields.map((field) => field.replaceAll(APPIZER_SEPARATOR, '')).join(APPIZER_SEPARATOR);
}

/** Returns the error for an option that the core refuses. It never shows a key, nor the value of an unknown name, which may be one. */
export function faultOf(options, { option, allowed }) {
  const value = options[option];
  if (allowed.startsWith('the options')) {
    const meant = nearest(option, allowed.match(/\w+/g));
    const hint = meant ? `did you mean "${meant}"?` : allowed;
    return new AppizerError('invalid_option', `option "${option}" is unknown; ${hint}`, option);
  }
  if (option !== 'apiKey') return invalidOption(option, `is ${shown(value)}`, allowed);
  const what = value === undefined ? 'is undefined (an environment variable that this build does not have?)' : 'cannot be used';
  return invalidOption(option, what, allowed);
}
