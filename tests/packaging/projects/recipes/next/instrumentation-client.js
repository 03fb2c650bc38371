import { init } from '@appizer/tracker';
init({ apiKey: process.env.NEXT_PUBLIC_APPIZER_KEY, pageViews: true });
