import { init } from '@appizer/tracker';
import { PUBLIC_APPIZER_KEY } from '$env/static/public';
init({ apiKey: PUBLIC_APPIZER_KEY, pageViews: true });
