'use client';

import { usePathname } from 'next/navigation';
import { useEffect, useRef } from 'react';
import { init, track } from '@appizer/tracker';

// On the server the package does nothing, so this may stand here.
init({ apiKey: 'YOUR_API_KEY' });

/** Tracks a page view for each path. Strict mode runs effects twice: the second finds the path tracked. */
export function PageViews() {
  const path = usePathname();
  const tracked = useRef(null);
  useEffect(() => {
    if (tracked.current === path) return;
    tracked.current = path;
    track('page_view', { path });
  }, [path]);
  return null;
}
