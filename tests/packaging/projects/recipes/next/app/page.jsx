import Link from 'next/link';
import { Buy } from './buy';

export default function Home() {
  return (
    <main>
      <h1>Home</h1>
      <Link href="/about">About</Link>
      <Buy />
    </main>
  );
}
