process.stdout.write(import.meta.resolve(process.argv[2]));
