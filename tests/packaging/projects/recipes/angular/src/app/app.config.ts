import { ApplicationConfig, Component } from '@angular/core';
import { provideRouter, RouterLink } from '@angular/router';
import { track } from '@appizer/tracker';

@Component({
  imports: [RouterLink],
  template: `
    <h1>Home</h1>
    <a routerLink="/about">About</a>
    <button (click)="buy()">Buy</button>
  `,
})
class Home {
  buy() {
    track('button_click', { button: 'buy' });
  }
}

@Component({ template: `<h1>About</h1>` })
class About {}

export const appConfig: ApplicationConfig = {
  providers: [
    provideRouter([
      { path: '', component: Home },
      { path: 'about', component: About },
    ]),
  ],
};
