import { PageViews } from './page-views';

export const metadata = { title: 'Appizer with Next.js', icons: 'data:,' };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <PageViews />
        {children}
      </body>
    </html>
  );
}
