import { init } from '@appizer/tracker';
export default defineNuxtPlugin(() => {
  init({ apiKey: useRuntimeConfig().public.appizerKey, pageViews: true });
});
