export const environment = { appizerKey: 'YOUR_API_KEY' };
