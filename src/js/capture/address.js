/** An address, without query string and fragment if these are to be left out. */
export const bare = (url, stripQuery) => (stripQuery ? url.replace(/[?#].*/s, '') : url);
