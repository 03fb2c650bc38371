import { useEffect, useRef } from 'react';
import { track } from '@appizer/tracker';

/** Tracks a page view whenever `path` changes. Strict mode runs effects twice: the second finds the path tracked. */
export function usePageView(path) {
  const tracked = useRef(null);
  useEffect(() => {
    if (tracked.current === path) return;
    tracked.current = path;
    track('page_view', { path });
  }, [path]);
}
