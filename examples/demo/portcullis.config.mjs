import { defineConfig } from '@portcullis/core/config';
import { randomBytes } from 'node:crypto';

/** 3000 unless PORT says otherwise; the other three servers stand beside it. */
export const port = Number(process.env.PORT ?? 3000);

export default defineConfig({
  // What every environment shares.
  base: {
    allowedHosts: ['localhost', '127.0.0.1'],
    cors: {
      allowOrigins: ['http://localhost:*', 'http://127.0.0.1:*'],
      allowMethods: ['GET', 'POST', 'DELETE'],
      allowHeaders: ['X-Demo'],
      allowCredentials: true,
    },
    gzip: { minimumSize: 500 },
    // A real application reads SECRET_KEY from the environment; this one forgets everybody when it stops.
    secretKey: randomBytes(32).toString('base64url'),
  },
  // Plain http is sent to https: port 3000 to port 3443.
  production: {
    httpsRedirect: { port: { [port]: port + 443 } },
  },
  // The page and its second origin stay on plain http.
  development: {
    httpsRedirect: { enabled: false },
  },
});
