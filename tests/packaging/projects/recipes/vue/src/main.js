import { createApp } from 'vue';
import App from './App.vue';
import router from './router.js';
import { init } from '@appizer/tracker';
init({ apiKey: import.meta.env.VITE_APPIZER_KEY, pageViews: true });
createApp(App).use(router).mount('#app');
