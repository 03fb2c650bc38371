import { bootstrapApplication } from '@angular/platform-browser';
import { App } from './app/app';
import { appConfig } from './app/app.config';
import { environment } from './environments/environment';
import { init } from '@appizer/tracker';
init({ apiKey: environment.appizerKey, pageViews: true });
bootstrapApplication(App, appConfig);
