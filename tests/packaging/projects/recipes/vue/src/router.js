import { createRouter, createWebHistory } from 'vue-router';
import About from './About.vue';
import Home from './Home.vue';

export default createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/', component: Home },
    { path: '/about', component: About },
  ],
});
